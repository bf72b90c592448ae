// A socket as a file: reading by bytes and by lines, writing lines (tutorial, section 5.2).
import { isTraced, traced, transferOf } from '../calls.ts'
import { checkInteger } from './checks.ts'
import { readBytes, readLine, readLines } from './file-reads.ts'
import { type LineSource, loopOverBatches, loopOverLines } from './line-loop.ts'
import { LineSplitter } from './line-splitter.ts'
import { decode, type Encoding, type Line } from './lines.ts'
import type { Receiver } from './receiver.ts'
import type { WaitOptions } from './waiting.ts'

/** Lines go out in blocks of at least so many bytes: a slow reader costs one block. */
const BLOCK_BYTES = 65_536

/**
 * A view of a socket as a file, from `socket.makeFile()`. It has no close of its own.
 *
 * A line keeps its newline (byte 0x0A alone ends it); the last line may have none; `''` or an empty
 * Buffer is the end of data. Counts are bytes, also in text, where a character that would be cut is
 * taken whole. All files of a socket and its `recv` read from one buffer, and none takes a byte
 * beyond what it returns, so they can be used one after another. A loop over lines or batches is a
 * reader from its first line until it is left; another read meanwhile rejects with
 * ERR_READER_WAITING.
 *
 * All reads reject as `recv` does. At a reset, `read` gives what came, then the error; the other
 * reads reject, and an unfinished line stays for `recv`. A line over `maxLineBytes` rejects with
 * ERR_LINE_TOO_LONG, after the lines before it, and stays for `recv`.
 */
export class SocketFile<E extends Encoding = 'utf8'> {
  readonly #source: LineSource<E>
  readonly #receiver: Receiver
  readonly #sendBlocks: (blocks: Iterable<Uint8Array>) => Promise<void>
  readonly #encoding: E

  /** For `makeFile` only. Throws as LineSplitter does. */
  constructor(source: LineSource<E>, sendBlocks: (blocks: Iterable<Uint8Array>) => Promise<void>) {
    this.#source = source
    this.#receiver = source.receiver
    this.#sendBlocks = sendBlocks
    this.#encoding = source.options.encoding ?? ('utf8' as E)
    new LineSplitter(source.options)
  }

  /** Resolves with `n` bytes, fewer only at the end; without `n`, or below 0, with all to the end. */
  read(n?: number): Promise<Line<E>> {
    const read = () => readBytes(this.#receiver, countOf('n', n), this.#encoding)
    return this.#read('read', read, (bytes) => decode(bytes, this.#encoding))
  }

  /**
   * Resolves with the next line; with `limit` at most so many bytes of it, and the rest of the line
   * comes next. An aborted call takes nothing.
   */
  readLine(limit?: number, { signal }: WaitOptions = {}): Promise<Line<E>> {
    const read = () =>
      readLine(this.#receiver, countOf('limit', limit), this.#source.options, signal)
    return this.#read('readLine', read, (line) => decode(line, this.#encoding))
  }

  /**
   * Resolves with all lines to the end of data; with a positive `hint`, no more once their bytes
   * exceed it. When it rejects, no line is lost: all of them stay for the next reader.
   */
  readLines(hint?: number): Promise<Line<E>[]> {
    const read = () =>
      readLines(this.#receiver, countOf('hint', hint) || Infinity, this.#source.options)
    return this.#read('readLines', read, (lines) =>
      lines.map((line) => decode(line, this.#encoding)),
    )
  }

  /** The lines one by one, until the end of data. Leaving the loop closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Line<E>> {
    return loopOverLines(this.#source)
  }

  /** For each turn all lines that are at hand, at least one, until the end of data. */
  batches(): AsyncIterableIterator<Line<E>[]> {
    return loopOverBatches(this.#source)
  }

  /**
   * Sends the lines as they are: nothing is added between or behind them. A block goes out when the
   * operating system has taken the one before it. Settles as `sendAll`.
   */
  writeLines(lines: Iterable<string | Uint8Array>): Promise<void> {
    return this.#sendBlocks(blocksOf(lines))
  }

  #read<T extends Buffer | Buffer[], R>(
    call: 'read' | 'readLine' | 'readLines',
    read: () => Promise<T>,
    finish: (value: T) => R,
  ): Promise<R> {
    if (!isTraced()) return this.#receiver.asReader(read, finish)
    const { offset } = this.#receiver
    const asReader = () => this.#receiver.asReader(read, (value) => value)
    return traced(call, this.#source.endpoint, asReader, (value) =>
      transferOf(Array.isArray(value) ? Buffer.concat(value) : value, offset),
    ).then(finish)
  }
}

/** Returns the lines as blocks, each made when it is asked for. */
function* blocksOf(lines: Iterable<string | Uint8Array>): Generator<Buffer, void, void> {
  let block: Uint8Array[] = []
  let bytes = 0
  for (const line of lines) {
    const piece = typeof line === 'string' ? Buffer.from(line) : line
    block.push(piece)
    bytes += piece.length
    if (bytes < BLOCK_BYTES) continue
    yield Buffer.concat(block)
    block = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(block)
}

/** A count of bytes: none, or a negative one, is no limit, as for Python's file objects. */
function countOf(name: string, size = -1): number {
  if (size < 0 || size === Infinity) return Infinity
  checkInteger(name, size, 0)
  return size
}
