// The growing string of the str programs: what it was stays readable, whatever is appended.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GrowingBytes } from '../../src/str/growing-bytes.ts'
import { numberedBytes } from '../support/sockets.ts'

/** Several times what it begins with, so that it moves to larger memory more than once. */
const manyBytes = 5000

describe('growing bytes', () => {
  test('are none at first', () => {
    expect(new GrowingBytes().bytes).toEqual(Buffer.alloc(0))
  })

  test('a byte at a time: every view keeps its bytes while they grow', () => {
    const all = numberedBytes(manyBytes)
    const growing = new GrowingBytes()
    const views = [growing.bytes]
    for (const byte of all) {
      growing.append(Buffer.from([byte]))
      views.push(growing.bytes)
    }
    for (const [length, view] of views.entries()) {
      expect(view.length).toBe(length)
      if (!view.equals(all.subarray(0, length))) throw new Error(`view ${length} has changed`)
    }
  })

  test('more at once than twice what there is: nothing is lost', () => {
    const all = numberedBytes(manyBytes * 4)
    const growing = new GrowingBytes()
    growing.append(all.subarray(0, 3))
    const early = growing.bytes
    growing.append(all.subarray(3))
    expect(growing.bytes.equals(all)).toBe(true)
    expect(early).toEqual(all.subarray(0, 3))
  })

  test('what was appended may be overwritten by its owner', () => {
    const letter = Buffer.from('a')
    const growing = new GrowingBytes()
    growing.append(letter)
    letter.fill('z')
    expect(String(growing.bytes)).toBe('a')
  })

  test('in any pieces: every view keeps its bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { maxLength: 12 }), (sizes) => {
        const all = numberedBytes(sizes.reduce((sum, size) => sum + size, 0))
        const growing = new GrowingBytes()
        const views: Buffer[] = []
        let length = 0
        for (const size of sizes) {
          growing.append(all.subarray(length, length + size))
          length += size
          views.push(growing.bytes)
        }
        for (const view of views) expect(view.equals(all.subarray(0, view.length))).toBe(true)
        expect(growing.bytes.equals(all)).toBe(true)
      }),
    )
  })
})

test('the values at any of its lengths come one behind another, also after it has moved', () => {
  const v = new GrowingBytes()
  const letters = Array.from({ length: 3000 }, (_, index) => 97 + (index % 26))
  const lengths = letters.map((letter) => {
    v.append(Uint8Array.of(letter))
    return v.length
  })
  const values = lengths.map((length) => Buffer.from(letters.slice(0, length)))
  expect(v.valuesAt(lengths).equals(Buffer.concat(values))).toBe(true)
  expect(v.valuesAt([2])).toEqual(Buffer.from('ab'))
})

test('what has no room is refused, and changes nothing', () => {
  const v = new GrowingBytes(3)
  expect(v.room).toBe(3)
  expect(v.append(Buffer.from('abc'))).toBe(true)
  expect(v.room).toBe(0)
  expect(v.append(Buffer.from('d'))).toBe(false)
  expect(v.bytes).toEqual(Buffer.from('abc'))
})
