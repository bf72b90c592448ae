// The data that an echo-client prints: every style of a good client passes, and no fault does.
import { describe, expect, it } from 'vitest'
import { expectCounts, expectDataOnce } from '../../src/check/echo-output.ts'

const CHUNK_LENGTHS = [41, 35, 64, 32, 59, 47, 62]
const strings = [
  'abc',
  'x',
  'the quick brown fox jumps over the lazy dog',
  '0123456789',
  'a\nb',
  'é',
]

/** The answer to a string, in the chunks in which a client receives it. */
function chunksOf(string: string): string[] {
  const copy = Buffer.from(string).toString('latin1')
  const answer = copy.repeat(340 / copy.length)
  return CHUNK_LENGTHS.map((length, index) => {
    const start = CHUNK_LENGTHS.slice(0, index).reduce((sum, one) => sum + one, 0)
    return answer.slice(start, start + length)
  })
}

function expectPrinted(string: string, printed: string) {
  const answer = Buffer.from(chunksOf(string).join(''), 'latin1')
  return expect(() => expectDataOnce(Buffer.from(printed, 'latin1'), Buffer.from(string), answer))
}

describe.each(strings)('of the answer to %j', (string) => {
  const chunks = chunksOf(string)
  const all = chunks.join('')
  const count = (chunk: string) => `received ${chunk.length} bytes\n`

  it.each([
    ['nothing', ''],
    ['counts alone', chunks.map(count).join('')],
    ['all of it', all],
    ['a line for each chunk', chunks.map((chunk) => `${chunk}\n`).join('')],
    [
      'four chunks, and counts',
      chunks.map((one, i) => (i < 4 ? `${one}\n` : '') + count(one)).join(''),
    ],
    [
      'beginnings of chunks, and counts',
      chunks.map((one) => `${one.slice(0, 9)}\n${count(one)}`).join(''),
    ],
    ['the string sent, before it', `${string}\n${all}`],
    [
      'words before and behind it',
      `sending ${string}\nanswer: ${all}\nconnection closed by the server\n`,
    ],
    ['each chunk as Python 3 shows it', chunks.map((one) => `b'${one}'\n`).join('')],
    [
      'each chunk with words of its own',
      chunks.map((one) => `chunk: ${one} (${one.length})\n`).join(''),
    ],
  ])('%s may be printed', (_, printed) => expectPrinted(string, printed).not.toThrow())

  it.each([
    ['all of it twice', all + all],
    ['all of it twice, and counts', `${all}\n${chunks.map(count).join('')}${all}`],
    ['each chunk twice', chunks.map((one) => `${one}\n${one}\n`).join('')],
  ])('%s must not be printed', (_, printed) => expectPrinted(string, printed).toThrow('once'))
})

describe('of the answer to a string of several letters', () => {
  it.each(['abc', strings[2] ?? '', '0123456789'])('no chunk may be left out: %s', (string) => {
    const chunks = chunksOf(string)
    expectPrinted(string, chunks.filter((_, index) => index !== 2).join('')).toThrow('once')
  })
})

describe('lines "received N bytes"', () => {
  const answer = Buffer.alloc(60, 'abc')
  const printed = (...counts: number[]) => {
    const lines = counts.map((count) => `received ${count} bytes\n`).join('')
    return expect(() => expectCounts(Buffer.from(lines), answer))
  }

  it('may be of each chunk, with the total behind them, or of the total so far', () => {
    printed(20, 30, 10).not.toThrow()
    printed(20, 30, 10, 60).not.toThrow()
    printed(20, 50, 60).not.toThrow()
  })

  it('that come to another number are a fault', () => {
    printed(20, 30).toThrow('add up to 60 bytes')
    printed(64, 64).toThrow('add up to 60 bytes')
  })
})
