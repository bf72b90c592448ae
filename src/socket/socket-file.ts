// A socket as a file: reading by bytes, lines and blocks of lines (tutorial, section 5.2).

import { isTraced } from '../calls.ts'
import { asyncIterator } from './async-iterator.ts'
import { LineTooLongError } from './errors.ts'
import { LineBlock } from './line-block.ts'
import { checkMaxLineBytes, type LineOptions } from './line-splitter.ts'
import {
  decode,
  type Encoding,
  findLongLine,
  isContinuation,
  type Line,
  missingBytes,
} from './lines.ts'
import type { Receiver } from './receiver.ts'
import type { WaitOptions } from './wait-options.ts'

/**
 * A view of a socket as a file, from `socket.makeFile()`. It has no close of its own.
 *
 * A line keeps its newline (byte 0x0A alone ends it); the last line may have none; `''` or an
 * empty Buffer is the end of data. Counts are bytes, also in text, where a character that would be
 * cut is taken whole. All files of a socket and its `recv` share one buffer, and none takes a byte
 * beyond what it returns, so they can be mixed.
 *
 * All reads reject as `recv` does. At a reset, `read` gives what came, then the error; the other
 * reads reject, and an unfinished line stays for `recv`. A line over `maxLineBytes` rejects with
 * ERR_LINE_TOO_LONG, after the lines before it, and stays for `recv`.
 */
export class SocketFile<E extends Encoding = 'utf8'> {
  readonly #receiver: Receiver
  readonly #sendAll: (data: Uint8Array) => Promise<void>
  readonly #encoding: E
  readonly #maxLineBytes: number

  /** For `makeFile` only. */
  constructor(
    receiver: Receiver,
    sendAll: (data: Uint8Array) => Promise<void>,
    options: LineOptions<E>,
  ) {
    this.#receiver = receiver
    this.#sendAll = sendAll
    this.#encoding = options.encoding ?? ('utf8' as E)
    this.#maxLineBytes = checkMaxLineBytes(options.maxLineBytes)
  }

  /** `n` bytes, fewer only at the end of data; without `n`, or below 0, all to the end. */
  async read(n?: number): Promise<Line<E>> {
    const size = checkSize('n', n)
    if (size === 0) return this.#decode(Buffer.alloc(0))
    const { queue } = this.#receiver
    return this.#receiver.wait({
      call: 'read',
      enough: () => queue.length >= this.#wholeCharacter(size),
      finish: () => this.#decode(this.#receiver.takeOrEnd(this.#wholeCharacter(size))),
    })
  }

  /**
   * The next line; with `limit` at most so many bytes of it, the rest of the line comes next. An
   * aborted call takes nothing.
   */
  async readLine(limit?: number, { signal }: WaitOptions = {}): Promise<Line<E>> {
    return this.#decode(await this.#readLineBytes(checkSize('limit', limit), signal))
  }

  /**
   * All lines to the end of data; with a positive `hint` no more once their bytes exceed it.
   * When it rejects, no line is lost: all of them stay for the next reader.
   */
  async readLines(hint?: number): Promise<Line<E>[]> {
    const enough = checkSize('hint', hint) || Infinity
    const lines: Buffer[] = []
    let bytes = 0
    try {
      while (bytes <= enough) {
        const line = await this.#readLineBytes(Infinity)
        if (line.length === 0) break
        lines.push(line)
        bytes += line.length
      }
    } catch (error) {
      this.#receiver.queue.unshift(Buffer.concat(lines))
      throw error
    }
    return lines.map((line) => this.#decode(line))
  }

  /** Sends the lines as they are: nothing is added between or behind them. Settles as `sendAll`. */
  async writeLines(lines: Iterable<string | Uint8Array>): Promise<void> {
    const bytes: Uint8Array[] = []
    for (const line of lines) bytes.push(typeof line === 'string' ? Buffer.from(line) : line)
    await this.#sendAll(Buffer.concat(bytes))
  }

  /** For each turn all lines that are at hand, at least one, until the end of data. */
  batches(): AsyncIterableIterator<Line<E>[], undefined, undefined> {
    const use = (block: LineBlock): IteratorResult<Line<E>[], undefined> => {
      const value = block.cut(this.#encoding)
      return value.length > 0 ? { done: false, value } : { done: true, value: undefined }
    }
    return asyncIterator(() => this.#readBlock(use))
  }

  /**
   * The lines one by one, until the end of data. Leaving the loop closes nothing, and no line is
   * lost: those that were cut ahead of the loop go back to the socket's buffer.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Line<E>, undefined, undefined> {
    let block: LineBlock | undefined
    let lines: Line<E>[] = []
    let next = 0
    const giveBack = () => {
      if (block !== undefined && next < lines.length) {
        this.#receiver.queue.unshift(block.after(lines.slice(0, next)))
      }
      lines = []
      next = 0
    }
    const use = (newBlock: LineBlock): IteratorResult<Line<E>, undefined> => {
      block = newBlock
      lines = block.cut(this.#encoding)
      next = 1
      const [first] = lines
      if (first === undefined) return { done: true, value: undefined }
      this.#receiver.lend(giveBack)
      return { done: false, value: first }
    }
    return asyncIterator(() => {
      // A trace tells of each line as it is handed out.
      if (isTraced() && lines[next] === undefined) return this.#nextLine()
      const line = lines[next]
      if (line === undefined) return this.#readBlock(use)
      next++
      return Promise.resolve({ done: false, value: line })
    }, giveBack)
  }

  async #nextLine(): Promise<IteratorResult<Line<E>, undefined>> {
    const value = await this.readLine()
    return value.length > 0 ? { done: false, value } : { done: true, value: undefined }
  }

  #decode(bytes: Buffer): Line<E> {
    return decode(bytes, this.#encoding)
  }

  /** One line, or `limit` bytes of it; empty at the end of data. */
  async #readLineBytes(limit: number, signal?: AbortSignal): Promise<Buffer> {
    if (limit === 0) return Buffer.alloc(0)
    const { queue } = this.#receiver
    const lineLength = () => {
      const length = queue.firstLineLength()
      if (length > 0 && length <= limit) return length
      return queue.length >= limit ? this.#wholeCharacter(limit) : Infinity
    }
    const tooLong = () => limit > this.#maxLineBytes && this.#firstLineTooLong()
    return this.#receiver.wait({
      call: 'readLine',
      enough: () => tooLong() || lineLength() <= queue.length,
      finish: () => {
        if (tooLong()) throw new LineTooLongError(this.#maxLineBytes)
        const length = lineLength()
        if (length > queue.length) this.#receiver.throwFailure()
        return queue.take(length)
      },
      signal,
    })
  }

  /**
   * What `use` makes of a block: all whole lines at hand, at least one; at the end of data the
   * rest; empty when all is read.
   */
  #readBlock<T>(use: (block: LineBlock) => T): Promise<T> {
    const { queue } = this.#receiver
    let direct: LineBlock | undefined
    return this.#receiver.wait({
      call: 'readLines',
      enough: () => queue.firstLineLength() > 0 || this.#firstLineTooLong(),
      direct: this.#isPlainText
        ? (bytes) => {
            const before = queue.length
            direct = LineBlock.atStartOf(bytes, () => queue.take(before))
            return direct === undefined ? 0 : direct.length - before
          }
        : undefined,
      finish: () => (direct === undefined ? use(this.#takeBlock()) : use(direct)),
    })
  }

  /** Text without a limit can be cut where the operating system put it. */
  get #isPlainText(): boolean {
    return this.#encoding !== 'buffer' && this.#maxLineBytes === Infinity
  }

  #takeBlock(): LineBlock {
    const { queue } = this.#receiver
    if (this.#firstLineTooLong()) throw new LineTooLongError(this.#maxLineBytes)
    const length = queue.allLinesLength()
    if (length === 0) this.#receiver.throwFailure()
    const block = queue.take(length || queue.length)
    const long = findLongLine(block, this.#maxLineBytes)
    if (long < 0) return new LineBlock(block)
    queue.unshift(block.subarray(long))
    return new LineBlock(block.subarray(0, long))
  }

  #firstLineTooLong(): boolean {
    if (this.#maxLineBytes === Infinity) return false
    const length = this.#receiver.queue.firstLineLength()
    return (length > 0 ? length - 1 : this.#receiver.queue.length) > this.#maxLineBytes
  }

  /** `size` bytes, or up to three more where a character would be cut there. */
  #wholeCharacter(size: number): number {
    const { queue } = this.#receiver
    if (this.#encoding === 'buffer' || queue.length < size) return size
    let end = size
    const tail = [queue.at(size - 3), queue.at(size - 2), queue.at(size - 1)]
    for (let missing = missingBytes(tail); missing > 0; missing--) {
      const byte = queue.at(end)
      if (byte !== undefined && !isContinuation(byte)) break
      end++
    }
    return end
  }
}

/** A count of bytes: none, or a negative one, is no limit, as for Python's file objects. */
function checkSize(name: string, size = -1): number {
  if (size < 0 || size === Infinity) return Infinity
  if (Number.isSafeInteger(size)) return size
  throw new RangeError(`${name} must be an integer, not ${size}`)
}
