// A loop over the lines of a socket: its one reader, from the first line until it is left.
import { isTraced } from '../calls.ts'
import { readerWaitingError } from './errors.ts'
import { cutLines } from './file-reads.ts'
import { type LineOptions, LineSplitter, untaken } from './line-splitter.ts'
import { decode, type Encoding, type Line } from './lines.ts'
import type { Receiver } from './receiver.ts'

const DONE = Object.freeze({ done: true, value: undefined })

type Loop<T> = AsyncIterableIterator<T, undefined, undefined>

/** Returns a loop over lines, written by hand: an async generator takes more turns for each value. */
export function loopOverLines<E extends Encoding>(reader: LineReader<E>): Loop<Line<E>> {
  let lines: Line<E>[] = []
  let used = 0
  const more = async (): Promise<IteratorResult<Line<E>, undefined>> => {
    lines = await reader.read(used)
    used = 1
    const [line] = lines
    return line === undefined ? DONE : { done: false, value: line }
  }
  return {
    next() {
      const line = lines[used]
      if (line === undefined || reader.isClosed) return more()
      used++
      return Promise.resolve({ done: false, value: line })
    },
    async return() {
      await reader.leave(() => used)
      lines = []
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Returns a loop over all the lines that are at hand in each turn. */
export function loopOverBatches<E extends Encoding>(reader: LineReader<E>): Loop<Line<E>[]> {
  let used = 0
  return {
    async next() {
      const lines = await reader.read(used)
      used = lines.length
      return used === 0 ? DONE : { done: false, value: lines }
    },
    async return() {
      await reader.leave(() => used)
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Cuts lines ahead of a loop, and gives the bytes of those back that it did not use. */
export class LineReader<E extends Encoding> {
  readonly #receiver: Receiver
  readonly #options: LineOptions<E>
  readonly #readTraced: () => Promise<Buffer[]>
  #state: 'new' | 'reader' | 'left' = 'new'
  /** Has cut the lines that the loop is at. */
  #splitter: LineSplitter<E> | undefined
  /** The read that waits. */
  #reading: Promise<Line<E>[]> | undefined

  /** `readTraced` reads the next lines where calls are published; none at the end of data. */
  constructor(receiver: Receiver, options: LineOptions<E>, readTraced: () => Promise<Buffer[]>) {
    this.#receiver = receiver
    this.#options = options
    this.#readTraced = readTraced
  }

  get isClosed(): boolean {
    return this.#receiver.isClosed
  }

  /** Resolves with the next lines, none at the end of data; `used` says how many of the last. */
  async read(used: number): Promise<Line<E>[]> {
    if (this.#reading !== undefined) throw readerWaitingError('socket')
    if (this.#state === 'left') return []
    if (this.#state === 'new') this.#receiver.hold()
    this.#state = 'reader'
    this.#putBack(used)
    this.#reading = isTraced() ? this.#readAndDecode() : this.#cut()
    try {
      const lines = await this.#reading
      if (lines.length === 0) this.#release()
      return lines
    } catch (error) {
      this.#release()
      throw error
    } finally {
      this.#reading = undefined
    }
  }

  /** The loop is left, when a read that waits has been answered; `used` says how many it used. */
  async leave(used: () => number): Promise<void> {
    await this.#reading?.catch(() => {})
    this.#putBack(used())
    if (this.#state === 'reader') this.#release()
    this.#state = 'left'
  }

  #release(): void {
    this.#state = 'new'
    this.#receiver.release()
  }

  #putBack(used: number): void {
    if (this.#splitter !== undefined) this.#receiver.putBack(this.#splitter[untaken](used))
    this.#splitter = undefined
  }

  async #cut(): Promise<Line<E>[]> {
    const splitter = new LineSplitter(this.#options)
    const lines = await cutLines(this.#receiver, splitter)
    this.#splitter = splitter
    return lines
  }

  async #readAndDecode(): Promise<Line<E>[]> {
    const lines = await this.#readTraced()
    const { encoding = 'utf8' as E } = this.#options
    return lines.map((line) => decode(line, encoding))
  }
}
