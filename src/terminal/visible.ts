// What a peer sends, made safe to look at: no byte of it can steer the reader's terminal.
import { isUtf8 } from 'node:buffer'

/** Control characters, and those that set the direction of text (Unicode, UAX #9). */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}]/gu

/**
 * Returns text for a terminal: newline and tab pass, other control characters show in caret notation
 * (`^[` for ESC), C1 controls and bytes that are not UTF-8 as `\x9b`, direction controls as `\u202e`.
 */
export function visible(data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)
  const text = isUtf8(bytes) ? bytes.toString('utf8') : decodeShowingBytes(bytes)
  return text.replace(UNSAFE, showControl)
}

/** Returns how many bytes at the end are the beginning of a character that others may complete. */
export function unfinishedLength(bytes: Uint8Array): number {
  let length = 1
  while (length < 4 && isContinuation(bytes.at(-length))) length++
  const lead = bytes.at(-length) ?? 0
  const isLead = lead >= 0xc2 && lead < 0xf5
  return isLead && lengthAfter(lead) > length ? length : 0
}

function showControl(character: string): string {
  if (character === '\n' || character === '\t') return character
  const code = character.charCodeAt(0)
  if (code > 0xff) return `\\u${code.toString(16).padStart(4, '0')}`
  if (code >= 0x80) return showByte(code)
  return `^${String.fromCharCode(code ^ 0x40)}`
}

function showByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/** UTF-8 where it is, and each byte that is not part of it as `\xNN`. */
function decodeShowingBytes(bytes: Buffer): string {
  let text = ''
  let start = 0
  while (start < bytes.length) {
    const length = characterLength(bytes, start)
    text +=
      length === 0 ? showByte(bytes[start] ?? 0) : bytes.toString('utf8', start, start + length)
    start += length || 1
  }
  return text
}

/** How many bytes the character at `start` has; 0 where there is none. */
function characterLength(bytes: Buffer, start: number): number {
  const length = lengthAfter(bytes[start] ?? 0)
  return isUtf8(bytes.subarray(start, start + length)) ? length : 0
}

/** How many bytes a character has that begins with this one; 0 where none does. */
function lengthAfter(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}

function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80
}
