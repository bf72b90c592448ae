// How bytes are shown and compared in a failure.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RepeatedString } from '../../src/check/repeated.ts'
import { Replies } from '../../src/check/replies.ts'
import { difference, shown } from '../../src/check/words.ts'

describe('bytes in words', () => {
  it('are made visible', () => {
    expect(shown('')).toBe('nothing')
    expect(shown(Buffer.from([0x61, 0x0a, 0x1b, 0xff]))).toBe('4 bytes "a\\n^[\\xff"')
  })

  it('are cut in the middle where they are long', () => {
    const long = shown(`${'a'.repeat(500)}${'z'.repeat(500)}`)
    expect(long).toBe(`1,000 bytes "${'a'.repeat(72)}" … 904 more … "${'z'.repeat(24)}"`)
  })

  it('that differ far from their beginning are shown around the difference', () => {
    const same = Buffer.alloc(5000, 'x')
    const words = difference(Buffer.concat([same, Buffer.from('abc')]), same)
    expect(words.expected).toBe('5,003 bytes, at byte 5,000 "xxxxxxxxxxxxxxxxabc"')
    expect(words.came).toBe('5,000 bytes, at byte 5,000 "xxxxxxxxxxxxxxxx"')
  })
})

/** Chunks of these sizes, over and over. */
function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let start = 0, index = 0; start < bytes.length; index++) {
    const end = start + (sizes[index % sizes.length] ?? 1)
    chunks.push(bytes.subarray(start, end))
    start = end
  }
  return chunks
}

const anySizes = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 5 })

describe('copies of a string', () => {
  it('are counted whatever the chunks', () => {
    const any = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      fc.integer({ min: 1, max: 9000 }),
      anySizes,
    )
    fc.assert(
      fc.property(any, ([bytes, count, sizes]) => {
        const string = Buffer.from(bytes)
        const received = new RepeatedString(string)
        const copies = Buffer.concat(Array(count).fill(string))
        for (const chunk of chunksOf(copies, sizes)) expect(received.take(chunk)).toBe(true)
        expect([received.isWhole, received.copies]).toEqual([true, count])
      }),
      { numRuns: 50 },
    )
  })

  it('are no copies where one byte is wrong, and say how many were right', () => {
    const received = new RepeatedString(Buffer.from('abc'))
    expect(received.take(Buffer.from('abcab'))).toBe(true)
    expect(received.isWhole).toBe(false)
    expect(received.words).toBe('1 copy and 2 bytes of the next')
    expect(received.take(Buffer.from('x'))).toBe(false)
  })
})

describe('the replies to the letters of v', () => {
  it('are recognized whatever the chunks, and not with a byte too many or too few', () => {
    const v = Buffer.from('abcdefghijklmnopqrstuvwxyz')
    const all = Buffer.concat([...v.keys()].map((index) => v.subarray(0, index + 1)))
    fc.assert(
      fc.property(anySizes, (sizes) => {
        const replies = new Replies(v)
        for (const chunk of chunksOf(
          all,
          sizes.map((size) => 1 + (size % 40)),
        )) {
          expect(replies.take(chunk)).toBe(true)
        }
        expect(replies.whole).toBe(v.length)
      }),
      { numRuns: 50 },
    )
    expect(new Replies(v).take(Buffer.from('aabb'))).toBe(false)
    expect(new Replies(v).take(Buffer.from('ab'))).toBe(false)
  })
})
