// Turns: who is served when.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeTurns } from '../../src/str/turns.ts'

test('everybody in turn, until nobody has more', () => {
  const letters: Record<string, string[]> = { a: ['1', '2', '3'], b: [], c: ['4', '5'] }
  const served: string[] = []
  takeTurns(Object.keys(letters), (name) => {
    const letter = letters[name]?.shift()
    if (letter !== undefined) served.push(name + letter)
    return letter !== undefined
  })
  expect(served).toEqual(['a1', 'c4', 'a2', 'c5', 'a3'])
})

test('whoever has given false is not called again, and the members stay as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 20 }), (counts) => {
      const left = [...counts]
      const calls = counts.map(() => 0)
      const members = counts.map((_, index) => index)
      takeTurns(members, (index) => {
        calls[index] = (calls[index] ?? 0) + 1
        left[index] = (left[index] ?? 0) - 1
        return (left[index] ?? 0) > 0
      })
      expect(calls).toEqual(counts.map((count) => Math.max(1, count)))
      expect(members).toEqual(counts.map((_, index) => index))
    }),
  )
})
