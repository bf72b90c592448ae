// The growing string of the str programs: what it was stays readable, whatever is appended.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GrowingBytes } from '../../src/str/growing-bytes.ts'

const NO_LIMIT = 2 ** 30

test('is empty at first, and appending returns all bytes so far', () => {
  const v = new GrowingBytes(NO_LIMIT)
  expect(v.bytes).toEqual(Buffer.alloc(0))
  expect(String(v.append(Buffer.from('a')))).toBe('a')
  expect(String(v.append(Buffer.from('b')))).toBe('ab')
  expect(String(v.bytes)).toBe('ab')
})

test('in any pieces: every value keeps its bytes while it grows to larger memory', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 12 }), (pieces) => {
      const v = new GrowingBytes(NO_LIMIT)
      const all = Buffer.concat(pieces)
      const values = pieces.map((piece) => v.append(piece))
      let length = 0
      for (const [index, value] of values.entries()) {
        length += pieces[index]?.length ?? 0
        expect(value?.equals(all.subarray(0, length))).toBe(true)
      }
      expect(v.bytes.equals(all)).toBe(true)
    }),
  )
})

test('what was appended may be overwritten by its owner', () => {
  const letter = Buffer.from('a')
  const v = new GrowingBytes(NO_LIMIT)
  v.append(letter)
  letter.fill('z')
  expect(String(v.bytes)).toBe('a')
})

test('what has no room is refused, and changes nothing', () => {
  const v = new GrowingBytes(3)
  expect(String(v.append(Buffer.from('abc')))).toBe('abc')
  expect(v.append(Buffer.from('d'))).toBeUndefined()
  expect(String(v.bytes)).toBe('abc')
})
