// A loop over the lines of a socket: its one reader, from the first line until it is left.
import { type Transfer, transferOf } from '../calls.ts'
import { type LineOptions, LineSplitter, untaken } from './line-splitter.ts'
import type { Encoding, Line } from './lines.ts'
import type { Receiver } from './receiver.ts'

const NOTHING = Buffer.alloc(0)
const DONE = Object.freeze({ done: true, value: undefined })

/** A loop over what a file has at hand. */
export interface LineLoop<T> extends AsyncIterableIterator<T, undefined, undefined> {
  readonly next: () => Promise<IteratorResult<T, undefined>>
  /** Returns what the last step took from the stream. */
  readonly lastTransfer: () => Transfer
}

/** Returns a loop over all the lines that are at hand in each turn. */
export function loopOverBatches<E extends Encoding>(
  receiver: Receiver,
  options: LineOptions<E>,
): LineLoop<Line<E>[]> {
  const ahead = new LinesAhead(receiver, options)
  const batches = ahead.batches(Infinity)
  return {
    next: () => batches.next(),
    return: () => batches.return(undefined),
    lastTransfer: () => ahead.transferOf(0, Infinity),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Returns a loop over lines, written by hand: an async generator takes more turns for each one. */
export function loopOverLines<E extends Encoding>(
  receiver: Receiver,
  options: LineOptions<E>,
): LineLoop<Line<E>> {
  const ahead = new LinesAhead(receiver, options)
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
  const next = (): Promise<IteratorResult<Line<E>, undefined>> => {
    // A caller that asks for several lines together gets them one after another.
    if (waiting !== undefined) return waiting.then(next, next)
    const line = ahead.lines[ahead.used]
    if (line === undefined || receiver.isClosed) {
      waiting = nextBatch()
      return waiting
    }
    ahead.used++
    return Promise.resolve({ done: false, value: line })
  }
  return {
    next,
    async return() {
      await batches.return(undefined)
      return DONE
    },
    lastTransfer: () => ahead.transferOf(ahead.used - 1, ahead.used),
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
  readonly #splitter: LineSplitter<E>

  constructor(receiver: Receiver, options: LineOptions<E>) {
    this.#receiver = receiver
    this.#splitter = new LineSplitter(options)
  }

  /**
   * Yields the lines at hand in each turn, of which the loop uses `first` at once. When it is left,
   * the bytes of those that it did not use are next for any reader.
   */
  async *batches(first: number): AsyncGenerator<Line<E>[], undefined, undefined> {
    this.#receiver.hold()
    try {
      for (;;) {
        this.lines = await this.#cut()
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

  /** What the lines from number `from` up to number `to` took from the stream. */
  transferOf(from: number, to: number): Transfer {
    if (this.lines.length === 0) return transferOf(NOTHING, this.#receiver.offset)
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
