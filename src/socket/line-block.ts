// Whole lines that arrived together, cut in one go: much cheaper than line by line.
import { cutLines, decode, type Encoding, type Line, NEWLINE } from './lines.ts'

const NOTHING = Buffer.alloc(0)

/**
 * A block of lines in up to two pieces of memory: `head` is a first line that began in an earlier
 * chunk, `body` all lines after it. Text is decoded from the body where it lies, without a copy.
 */
export class LineBlock {
  readonly #head: Buffer
  readonly #body: Buffer

  constructor(body: Buffer, head: Buffer = NOTHING) {
    this.#body = body
    this.#head = head
  }

  /**
   * The whole lines at the start of a chunk, the first of which continues `begun`; undefined where
   * no line ends in it. The memory stays the chunk's.
   */
  static atStartOf(chunk: Buffer, begun: () => Buffer): LineBlock | undefined {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) return undefined
    const beginning = begun()
    if (beginning.length === 0) return new LineBlock(chunk.subarray(0, end))
    const headEnd = chunk.indexOf(NEWLINE) + 1
    const head = Buffer.concat([beginning, chunk.subarray(0, headEnd)])
    return new LineBlock(chunk.subarray(headEnd, end), head)
  }

  /** How many bytes the lines are. */
  get length(): number {
    return this.#head.length + this.#body.length
  }

  /** All lines of the block, each with its newline. */
  cut<E extends Encoding>(encoding: E): Line<E>[] {
    const begun = this.#head.length > 0 ? [decode(this.#head, encoding)] : []
    return cutLines(this.#body, encoding, begun)
  }

  /** A copy of the bytes behind the first lines, which were cut from this block. */
  after(lines: readonly Line[]): Buffer {
    let bytes = 0
    for (const line of this.#head.length > 0 ? lines.slice(1) : lines) {
      // Text does not tell how many bytes it was; a line of bytes may have been written to since.
      bytes =
        typeof line === 'string' ? this.#body.indexOf(NEWLINE, bytes) + 1 : bytes + line.length
    }
    return Buffer.from(this.#body.subarray(bytes))
  }
}
