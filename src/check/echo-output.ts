// What an echo-client prints: counts of bytes, and the data, in whatever style.
import { bytesOf, number } from '../trace/amounts.ts'
import { Unmet } from './step.ts'
import { difference, shown } from './words.ts'

/** A run of this many bytes of the data is the data, and not a word that happens to look like it. */
const BLOCK_BYTES = 16
const RECEIVED = /([\s\S]*?)^received (\d+) bytes?$/gm

/**
 * Expects that the lines `received N bytes` add up, and that the chunk in front of such a line, if
 * it is printed there, is printed once.
 */
export function expectCounts(stdout: Buffer, answer: Buffer): string | undefined {
  const all = answer.toString('latin1')
  let lines = 0
  let sum = 0
  let last = 0
  for (const match of stdout.toString('latin1').matchAll(RECEIVED)) {
    const [, text = '', count = ''] = match
    const chunk = all.slice(sum, sum + Number(count))
    if (chunk !== '' && text.replaceAll('\n', '') === chunk + chunk) {
      throw new Unmet(`each chunk once: ${shown(chunk)}`, shown(text))
    }
    lines++
    last = Number(count)
    sum += last
  }
  if (lines === 0) return 'it prints no lines "received N bytes"'
  // Some end with the total in the same words, or tell the total so far each time.
  if (sum === answer.length || last === answer.length) return undefined
  const expected = `lines "received N bytes" that add up to ${bytesOf(answer.length)}`
  throw new Unmet(expected, `${number(lines)} lines that add up to ${bytesOf(sum)}`)
}

/**
 * Expects that the data, where it is printed as it came, is there once and without a gap. It may
 * stop early, as tmc.py does, and the string that was sent may stand before it. Between lines
 * `received N bytes` parts may be left out: such a client shows how each chunk begins.
 */
export function expectDataOnce(stdout: Buffer, string: Buffer, answer: Buffer): void {
  const [copy, expected] = [textOf(string), textOf(answer)]
  if (copy === '') return
  const endless = expected + expected + copy.repeat(BLOCK_BYTES)
  const text = textOf(stdout)
  const start = text.indexOf(endless.slice(0, Math.max(BLOCK_BYTES, copy.length)))
  if (start < 0) return
  const printed = text.slice(start)
  let length = 0
  while (length < printed.length && printed[length] === endless[length]) length++
  const next = printed.slice(length, length + BLOCK_BYTES)
  const isJump = next.length === BLOCK_BYTES && endless.includes(next)
  const isGap = isJump && stdout.toString('latin1').search(RECEIVED) < 0
  if (!isGap && length <= expected.length + copy.length) return
  const words = difference(Buffer.from(expected, 'latin1'), Buffer.from(printed, 'latin1'))
  throw new Unmet(`the data on stdout once, if it is printed: ${words.expected}`, words.came)
}

/** Without newlines and lines `received N bytes`. */
function textOf(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(RECEIVED, '$1')
    .replace(/[\r\n]/g, '')
}
