// How a failure shows bytes and endings.
import { bytesOf, number } from '../trace/amounts.ts'
import { plain } from '../trace/words.ts'
import type { Exit } from './program.ts'

/** Of longer bytes only the beginning and the end are shown. */
const SHOWN_BYTES = 96
const TAIL_BYTES = 24
/** Of a difference so much is shown before it, and from it on. */
const SHOWN_BEFORE = 16
const SHOWN_AFTER = 40

/** `3 bytes "abc"`: bytes made visible, long ones cut in the middle; `nothing` for none. */
export function shown(data: string | Uint8Array): string {
  const bytes = Buffer.from(data)
  if (bytes.length === 0) return 'nothing'
  const amount = bytesOf(bytes.length)
  if (bytes.length <= SHOWN_BYTES) return `${amount} "${plain(bytes)}"`
  const head = plain(bytes.subarray(0, SHOWN_BYTES - TAIL_BYTES))
  const tail = plain(bytes.subarray(-TAIL_BYTES))
  return `${amount} "${head}" … ${number(bytes.length - SHOWN_BYTES)} more … "${tail}"`
}

/** `it ended with exit code 1` */
export function endWords({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

/** `0.5 s` */
export function secondsOf(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}

/** Two byte strings that are not equal, in words: all of them, or what is around the difference. */
export function difference(expected: Buffer, came: Buffer): { expected: string; came: string } {
  if (Math.max(expected.length, came.length) <= SHOWN_BYTES) {
    return { expected: shown(expected), came: shown(came) }
  }
  const length = Math.min(expected.length, came.length)
  let at = 0
  while (at < length && expected[at] === came[at]) at++
  const around = (bytes: Buffer) => {
    const part = plain(bytes.subarray(Math.max(0, at - SHOWN_BEFORE), at + SHOWN_AFTER))
    return `${bytesOf(bytes.length)}, at byte ${number(at)} "${part}"`
  }
  return { expected: around(expected), came: around(came) }
}
