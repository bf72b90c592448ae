// Cutting a block of bytes into lines: what the line splitter and the file view of a socket share.
import { isAscii } from 'node:buffer'

/** `utf8`: lines are strings. `buffer`: lines are the bytes as they came. */
export type Encoding = 'utf8' | 'buffer'

/** A line as it is handed out: text, or bytes with the encoding `buffer`. */
export type Line<E extends Encoding = Encoding> = E extends 'buffer' ? Buffer : string

/** The byte that ends a line. */
export const NEWLINE = 0x0a

/**
 * The text of a block of bytes. UTF-8 is decoded leniently (what is not UTF-8 becomes U+FFFD) and
 * a byte order mark is kept. A block that ends with a line needs no memory of the one before:
 * no byte of a longer character equals a newline.
 */
export function decodeText(block: Buffer): string {
  return isAscii(block) ? block.toString('latin1') : block.toString('utf8')
}

/** The bytes in the form that the encoding asks for. */
export function decode<E extends Encoding>(block: Buffer, encoding: E): Line<E> {
  return (encoding === 'buffer' ? block : decodeText(block)) as Line<E>
}

/**
 * All lines of a block, each with its newline, behind those that are there already; what follows
 * the last newline is a line, too.
 */
export function cutLines<E extends Encoding>(
  block: Buffer,
  encoding: E,
  lines: Line<E>[] = [],
): Line<E>[] {
  if (encoding === 'buffer') cutBytes(block, lines as Buffer[])
  else cutText(decodeText(block), lines as string[])
  return lines
}

function cutText(text: string, lines: string[]): void {
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    lines.push(text.slice(start, end + 1))
    start = end + 1
  }
  if (start < text.length) lines.push(text.slice(start))
}

function cutBytes(block: Buffer, lines: Buffer[]): void {
  let start = 0
  for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
    lines.push(block.subarray(start, end + 1))
    start = end + 1
  }
  if (start < block.length) lines.push(block.subarray(start))
}

/** Where the first line over the limit starts (its newline not counted), or -1 where none is. */
export function findLongLine(block: Buffer, maxLineBytes: number): number {
  if (block.length <= maxLineBytes) return -1
  let start = 0
  while (start < block.length) {
    const end = block.indexOf(NEWLINE, start)
    if ((end < 0 ? block.length : end) - start > maxLineBytes) return start
    if (end < 0) break
    start = end + 1
  }
  return -1
}

/** How many continuation bytes a character still lacks whose start lies in the last bytes given. */
export function missingBytes(tail: readonly (number | undefined)[]): number {
  for (let back = 1; back <= Math.min(3, tail.length); back++) {
    const byte = tail[tail.length - back] ?? 0
    if (isContinuation(byte)) continue
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
    return byte >= 0xf5 ? 0 : Math.max(0, length - back)
  }
  return 0
}

/** Whether a byte continues a UTF-8 character (RFC 3629: 10xxxxxx). */
export function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
