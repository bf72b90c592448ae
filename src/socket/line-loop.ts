// A loop over the lines of a socket: its one reader, from the first line until it is left.
import {
  callBegins,
  callReturns,
  type Endpoint,
  isTraced,
  type Transfer,
  traced,
  transferOf,
} from '../calls.ts'
import { type LineOptions, LineSplitter, untaken } from './line-splitter.ts'
import type { Encoding, Line } from './lines.ts'
import type { Receiver } from './receiver.ts'

const NOTHING = Buffer.alloc(0)
const DONE = Object.freeze({ done: true, value: undefined })

/** Where the lines come from, and how they are cut. */
export interface LineSource<E extends Encoding> {
  readonly receiver: Receiver
  readonly endpoint: Endpoint
  readonly options: LineOptions<E>
}

/** Returns a loop over all the lines that are at hand in each turn. */
export function loopOverBatches<E extends Encoding>(
  source: LineSource<E>,
): AsyncIterableIterator<Line<E>[]> {
  return new LinesAhead(source, 'readLines').batches(Infinity)
}

/** Returns a loop over lines, written by hand: an async generator takes more turns for each one. */
export function loopOverLines<E extends Encoding>(
  source: LineSource<E>,
): AsyncIterableIterator<Line<E>> {
  const ahead = new LinesAhead(source, 'readLine')
  const batches = ahead.batches(1)
  let waiting: Promise<IteratorResult<Line<E>, undefined>> | undefined
  const nextBatch = async (): Promise<IteratorResult<Line<E>, undefined>> => {
    try {
      const { value: [line] = [] } = await batches.next()
      return line === undefined ? DONE : { done: false, value: line }
    } finally {
      waiting = undefined
    }
  }
  return {
    next() {
      if (waiting !== undefined) {
        // A caller that asks for several lines together gets them one after another.
        const again = () => this.next()
        return waiting.then(again, again)
      }
      const line = ahead.lines[ahead.used]
      if (line === undefined || source.receiver.isClosed) {
        waiting = nextBatch()
        return waiting
      }
      ahead.used++
      if (isTraced()) ahead.publishLast()
      return Promise.resolve({ done: false, value: line })
    },
    async return() {
      await batches.return(undefined)
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** The lines that are at hand, cut ahead of a loop, and how many of them it has used. */
class LinesAhead<E extends Encoding> {
  lines: Line<E>[] = []
  used = 0
  readonly #receiver: Receiver
  readonly #endpoint: Endpoint
  readonly #splitter: LineSplitter<E>
  readonly #call: 'readLine' | 'readLines'

  /** `call` is what a step of the loop is published as. */
  constructor({ receiver, endpoint, options }: LineSource<E>, call: 'readLine' | 'readLines') {
    this.#receiver = receiver
    this.#endpoint = endpoint
    this.#splitter = new LineSplitter(options)
    this.#call = call
  }

  /**
   * Yields the lines at hand in each turn, of which the loop uses `first` at once. When it is left,
   * the bytes of those that it did not use are next for any reader.
   */
  async *batches(first: number): AsyncGenerator<Line<E>[], undefined, undefined> {
    const cut = () => this.#cut()
    const transferOfFirst = ({ length }: Line<E>[]) => this.#transferOf(0, Math.min(first, length))
    this.#receiver.hold()
    try {
      for (;;) {
        this.lines = await traced(this.#call, this.#endpoint, cut, transferOfFirst)
        if (this.lines.length === 0) return undefined
        this.used = first
        yield this.lines
      }
    } finally {
      this.#receiver.putBack(Buffer.from(this.#splitter[untaken](this.used)))
      this.#receiver.release()
      this.lines = []
    }
  }

  /** Publishes the read of the line that was used last, which was at hand. */
  publishLast(): void {
    const transfer = this.#transferOf(this.used - 1, this.used)
    callReturns(callBegins(this.#call, this.#endpoint), transfer)
  }

  /** What the lines from number `from` up to number `to` took from the stream. */
  #transferOf(from: number, to: number): Transfer {
    const bytes = this.#splitter[untaken](from)
    const rest = this.#splitter[untaken](to)
    const offset = this.#receiver.offset - bytes.length
    return transferOf(bytes.subarray(0, bytes.length - rest.length), offset)
  }

  /**
   * Resolves with all whole lines at hand, at least one, and the last one at the end of data; with
   * none when all is read.
   */
  async #cut(): Promise<Line<E>[]> {
    // A line that is already too long is an error at once: nothing more may come.
    for (let chunk: Buffer = NOTHING; ; ) {
      const lines = this.#splitter.push(chunk)
      if (lines.length > 0) return lines
      if (!this.#receiver.readable) await this.#receiver.ready()
      chunk = this.#receiver.takeAll()
      if (chunk.length === 0) return this.#splitter.end()
    }
  }
}
