// What a line is, and its bytes as text: UTF-8, a block at a time.
import { isAscii } from 'node:buffer'

/** `utf8`: lines are strings. `buffer`: lines are the bytes as they came. */
export type Encoding = 'utf8' | 'buffer'

/** A line as it is handed out: text, or bytes with the encoding `buffer`. */
export type Line<E extends Encoding = Encoding> = E extends 'buffer' ? Buffer : string

/** Returns the encoding, `utf8` if none is given. @throws RangeError for one that is unknown. */
export function checkEncoding<E extends Encoding>(encoding = 'utf8' as E): E {
  if (encoding === 'utf8' || encoding === 'buffer') return encoding
  throw new RangeError(`encoding must be utf8 or buffer, not ${encoding}`)
}

/**
 * Returns the text of a block of bytes. What is not UTF-8 becomes U+FFFD; a byte order mark stays.
 * A block that ends with a line needs no memory of the one before it: no byte of a longer character
 * equals a newline.
 */
export function decodeText(block: Buffer): string {
  return isAscii(block) ? block.toString('latin1') : block.toString('utf8')
}

/** Returns the bytes in the form that the encoding asks for. */
export function decode<E extends Encoding>(block: Buffer, encoding: E): Line<E> {
  return (encoding === 'buffer' ? block : decodeText(block)) as Line<E>
}

/** Returns how many continuation bytes the character at the end of `bytes` still lacks. */
export function missingBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (isContinuation(byte)) continue
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
    return byte >= 0xf5 ? 0 : Math.max(0, length - back)
  }
  return 0
}

/** Returns whether a byte continues a UTF-8 character (RFC 3629: 10xxxxxx). */
export function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
