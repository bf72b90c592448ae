// Lines out of a stream of bytes that comes in chunks of any size: a pure function with a memory.
import { LineTooLongError } from './errors.ts'
import { cutLines, decode, type Encoding, findLongLine, type Line, NEWLINE } from './lines.ts'

export interface LineOptions<E extends Encoding = Encoding> {
  /** `utf8` (the default) for strings, `buffer` for the bytes as they came. */
  encoding?: E
  /** The most bytes that a line may have, its newline not counted; no limit by default. */
  maxLineBytes?: number
}

/**
 * Splits a byte stream into lines, as makefile() does for a socket (tutorial, section 5.2).
 *
 * Only the byte 0x0A ends a line; a line keeps it. A carriage return, NUL, U+2028 or a byte order
 * mark is ordinary. The lines do not depend on the chunks, and joined they are the input.
 */
export class LineSplitter<E extends Encoding = 'utf8'> {
  readonly #encoding: E
  readonly #maxLineBytes: number
  /** The line that has begun and not ended yet, in the pieces that came. */
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #failure: LineTooLongError | undefined

  /** @throws RangeError where `maxLineBytes` is no positive integer. */
  constructor(options: LineOptions<E> = {}) {
    this.#encoding = options.encoding ?? ('utf8' as E)
    this.#maxLineBytes = checkMaxLineBytes(options.maxLineBytes)
  }

  /**
   * The lines that `chunk` completes, perhaps none. The chunk's memory stays the caller's.
   *
   * @throws LineTooLongError (`ERR_LINE_TOO_LONG`) as soon as a line passes the limit, and at every
   * call after that. Where this chunk completed lines before it, they are returned and the next
   * call throws.
   */
  push(chunk: Uint8Array): Line<E>[] {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    const rest = bytes.subarray(end)
    if (end === 0) {
      this.#keep(rest)
      return this.#delivered([])
    }
    const block = Buffer.concat([...this.#pieces, bytes.subarray(0, end)])
    this.#pieces = []
    this.#pieceBytes = 0
    const long = findLongLine(block, this.#maxLineBytes)
    if (long >= 0) {
      this.#failure = new LineTooLongError(this.#maxLineBytes)
      return this.#delivered(cutLines(block.subarray(0, long), this.#encoding))
    }
    this.#keep(rest)
    return this.#delivered(cutLines(block, this.#encoding))
  }

  /**
   * The end of data: the last line where it has no newline, else nothing. A character that the end
   * cuts becomes U+FFFD. The splitter is then as new.
   *
   * @throws LineTooLongError as `push` does.
   */
  end(): Line<E>[] {
    if (this.#failure !== undefined) throw this.#failure
    const last = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#pieceBytes = 0
    return last.length === 0 ? [] : [decode(last, this.#encoding)]
  }

  /** Keeps a copy of the line that has begun, if it is within the limit. */
  #keep(rest: Buffer): void {
    this.#pieceBytes += rest.length
    if (this.#pieceBytes > this.#maxLineBytes) {
      this.#failure = new LineTooLongError(this.#maxLineBytes)
      this.#pieces = []
    } else if (rest.length > 0) {
      this.#pieces.push(Buffer.from(rest))
    }
  }

  /** Lines first, the error after them. */
  #delivered(lines: Line<E>[]): Line<E>[] {
    if (this.#failure !== undefined && lines.length === 0) throw this.#failure
    return lines
  }
}

/** The limit as a number, Infinity for none. */
export function checkMaxLineBytes(maxLineBytes: number | undefined): number {
  if (maxLineBytes === undefined) return Infinity
  if (maxLineBytes === Infinity || (Number.isInteger(maxLineBytes) && maxLineBytes > 0)) {
    return maxLineBytes
  }
  throw new RangeError(`maxLineBytes must be a positive integer, not ${maxLineBytes}`)
}
