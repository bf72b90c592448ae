// What a call is named, and what it came to: the same words in trace, summary, ladder and demo.
import { unfinishedLength, visible } from '../terminal/visible.ts'
import { number } from './amounts.ts'
import { isGivenUp, isReceiving, type TraceCall } from './format.ts'

export const END_OF_DATA = '0 bytes: end of data'

/** Returns the call's name; the close of a listener is told from that of a connection. */
export function nameOf({ call, local, remote }: TraceCall): string {
  const isListener = call === 'close' && local !== undefined && remote === undefined
  return isListener ? 'close listener' : call
}

/** Returns whether the call found the end of data. */
export function isEndOfData({ call, bytes, error }: TraceCall): boolean {
  return isReceiving(call) && bytes === 0 && error === undefined
}

/** Returns `would block`, and how many times if more than once. */
export function wouldBlockWords(times: number): string {
  return times === 1 ? 'would block' : `would block ×${number(times)}`
}

/** Returns how a call ended that brought nothing: it failed, or the program put an end to it. */
export function endingWords(code: string): string {
  return isGivenUp(code) ? 'given up' : `failed (${code})`
}

/** Returns the first bytes in quotes, on one line, with `…` if there are more; '' if none. */
export function quoted({ head, bytes = 0 }: TraceCall): string {
  if (head === undefined) return bytes === 0 ? '' : '"…"'
  let shown = Buffer.from(head, 'hex')
  const hasMore = shown.length < bytes
  // The limit of the head may have cut a character.
  if (hasMore) shown = shown.subarray(0, shown.length - unfinishedLength(shown))
  return `"${plain(shown)}${hasMore ? '…' : ''}"`
}

/** Most texts are of these letters, and show as they are. */
const PRINTABLE = /^[ -~]*$/

/** Returns one line in which every control and every invisible mark of direction shows. */
export function plain(data: string | Uint8Array): string {
  const letters = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
  if (PRINTABLE.test(letters)) return letters
  return visible(data)
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replace(/[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, (mark) => {
      return `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`
    })
}
