// Lines out of a stream of bytes that comes in chunks of any size: the only code that finds line borders.
import { checkInteger } from './checks.ts'
import { LineTooLongError } from './errors.ts'
import { checkEncoding, decode, decodeText, type Encoding, type Line } from './lines.ts'

export interface LineOptions<E extends Encoding = Encoding> {
  /** `utf8` (the default) for strings, `buffer` for the bytes as they came. */
  encoding?: E
  /** The most bytes that a line may have, its newline not counted; no limit by default. */
  maxLineBytes?: number
}

/** The byte that ends a line. */
const NEWLINE = 0x0a
const NOTHING = Buffer.alloc(0)
const LARGE_PIECE_BYTES = 65_536

/** The key under which the layer's own files get the bytes of lines that they have not used. */
export const untaken = Symbol('pynet.untaken')

/**
 * Splits a byte stream into lines, as makefile() does for a socket (tutorial, section 5.2).
 *
 * Only the byte 0x0A ends a line, and the line keeps it. A carriage return, NUL, U+2028 or a byte
 * order mark is ordinary. The lines do not depend on the chunks, and joined they are the input.
 */
export class LineSplitter<E extends Encoding = 'utf8'> {
  readonly #encoding: E
  readonly #maxLineBytes: number
  /** The line that has begun and not ended yet, in the pieces that came. */
  #begun: Buffer[] = []
  #begunBytes = 0
  #failure: LineTooLongError | undefined
  /** What the last lines were cut from: one that had begun earlier, and the bytes behind it. */
  #firstLine: Buffer = NOTHING
  #source: Buffer = NOTHING
  #lineCount = 0
  /** The last border asked for in it: the number of a line, and where that begins. */
  #border = { line: 0, at: 0 }

  /** @throws RangeError if `maxLineBytes` is not a positive integer, or the encoding is unknown. */
  constructor({ encoding, maxLineBytes = Infinity }: LineOptions<E> = {}) {
    if (maxLineBytes !== Infinity) checkInteger('maxLineBytes', maxLineBytes, 1)
    this.#encoding = checkEncoding(encoding)
    this.#maxLineBytes = maxLineBytes
  }

  /**
   * Returns the lines that `chunk` completes, perhaps none. The chunk's memory stays the caller's.
   *
   * @throws LineTooLongError (`ERR_LINE_TOO_LONG`) as soon as a line passes the limit, and at every
   * later call. Lines that end before it are returned first, and the next call throws.
   */
  push(chunk: Uint8Array): Line<E>[] {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const end = this.#findEndOfLines(bytes)
    const lines = end === 0 ? [] : this.#cut(bytes, end)
    this.#lineCount = lines.length
    if (end < bytes.length) {
      this.#begin(Buffer.from(bytes.subarray(end)))
      this.#begunBytes += bytes.length - end
    }
    if (this.#failure !== undefined && end === 0) throw this.#failure
    return lines
  }

  /**
   * Ends the data. Returns the last line if it has no newline, else nothing; a character that the
   * end cuts becomes U+FFFD. The splitter can then be used again.
   *
   * @throws LineTooLongError as `push` does.
   */
  end(): Line<E>[] {
    if (this.#failure !== undefined) throw this.#failure
    this.#keepSource(this.#takeBegun(), NOTHING)
    this.#lineCount = Math.min(1, this.#firstLine.length)
    return this.#lineCount === 0 ? [] : [decode(this.#firstLine, this.#encoding)]
  }

  /**
   * Returns the bytes behind the first `taken` of the lines that came last, as they were pushed:
   * text cannot tell them, for what was not UTF-8 is lost in it. They may be the chunk's memory. To
   * ask with a rising number takes time linear in the bytes.
   *
   * @internal
   */
  [untaken](taken: number): Buffer {
    if (taken >= this.#lineCount) return this.#joinBegun()
    const rest = this.#source.subarray(this.#startOf(taken))
    return taken > 0 || this.#firstLine.length === 0 ? rest : Buffer.concat([this.#firstLine, rest])
  }

  /**
   * Returns where the last whole line within the limit ends. From a line over the limit on, the
   * bytes are kept uncut.
   */
  #findEndOfLines(bytes: Buffer): number {
    let start = -this.#begunBytes
    while (bytes.length - start > this.#maxLineBytes) {
      // The last newline that a line may have is looked for: many short lines are one step.
      const newline = bytes.lastIndexOf(NEWLINE, start + this.#maxLineBytes)
      if (newline < start || newline < 0) {
        this.#failure = new LineTooLongError(this.#maxLineBytes)
        return Math.max(0, start)
      }
      start = newline + 1
    }
    return bytes.lastIndexOf(NEWLINE) + 1
  }

  /** Returns all lines before `end`. Their text is decoded in one go. */
  #cut(bytes: Buffer, end: number): Line<E>[] {
    const lines: Line<E>[] = []
    let start = 0
    let firstLine: Buffer = NOTHING
    if (this.#begunBytes > 0) {
      start = lengthOfLine(bytes)
      this.#begun.push(bytes.subarray(0, start))
      firstLine = this.#takeBegun()
      lines.push(decode(firstLine, this.#encoding))
    }
    this.#keepSource(firstLine, bytes.subarray(start))
    const block = bytes.subarray(start, end)
    if (this.#encoding === 'buffer') cutBytes(Buffer.from(block), lines as Buffer[])
    else cutText(decodeText(block), lines as string[])
    return lines
  }

  /** Keeps the next piece. Small ones are joined: each costs a hundred bytes besides its own. */
  #begin(piece: Buffer): void {
    let joined = piece
    for (let last = this.#begun.at(-1); last !== undefined; last = this.#begun.at(-1)) {
      if (last.length > joined.length || joined.length >= LARGE_PIECE_BYTES) break
      this.#begun.pop()
      joined = Buffer.concat([last, joined])
    }
    this.#begun.push(joined)
  }

  #keepSource(firstLine: Buffer, source: Buffer): void {
    this.#firstLine = firstLine
    this.#source = source
    this.#border = { line: Math.min(1, firstLine.length), at: 0 }
  }

  /** Returns where line number `line` begins in the source. */
  #startOf(line: number): number {
    const border = this.#border
    for (; border.line < line; border.line++) {
      border.at = this.#source.indexOf(NEWLINE, border.at) + 1
    }
    return border.at
  }

  #takeBegun(): Buffer {
    const line = this.#joinBegun()
    this.#begun = []
    this.#begunBytes = 0
    return line
  }

  #joinBegun(): Buffer {
    const [only = NOTHING] = this.#begun
    return this.#begun.length < 2 ? only : Buffer.concat(this.#begun)
  }
}

/** Returns how many of the bytes belong to the first line, its newline included. */
export function lengthOfLine(bytes: Buffer): number {
  return bytes.indexOf(NEWLINE) + 1 || bytes.length
}

/** Returns whether the bytes end with a line. */
export function endsLine(bytes: Buffer): boolean {
  return bytes[bytes.length - 1] === NEWLINE
}

function cutText(text: string, lines: string[]): void {
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    lines.push(text.slice(start, end + 1))
    start = end + 1
  }
}

function cutBytes(block: Buffer, lines: Buffer[]): void {
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(NEWLINE, start) + 1
    lines.push(block.subarray(start, end))
    start = end
  }
}
