// The soak's verdict over a row of samples of memory.
import { expect, test } from 'vitest'
import { growthOf } from './memory.ts'

const rising = (from: number, to: number) =>
  Array.from({ length: 100 }, (_, index) => from + ((to - from) * index) / 99)

test('memory that stays is no growth, nor is a single sample that sticks out', () => {
  const samples = [...rising(60, 60).slice(1), 200]
  expect(growthOf(samples, 10, false)).toEqual({ early: 60, late: 60, isTooMuch: false })
})

test('a tenth and the slack are allowed, more is not', () => {
  expect(growthOf([...Array(50).fill(60), ...Array(50).fill(70)], 10, false).isTooMuch).toBe(false)
  expect(growthOf([...Array(50).fill(60), ...Array(50).fill(72)], 10, false).isTooMuch).toBe(true)
})

test('before the warm-up is over, a heap may still grow by the size of its young generation', () => {
  expect(growthOf([...Array(50).fill(50), ...Array(50).fill(72)], 10, true).isTooMuch).toBe(false)
  expect(growthOf([...Array(50).fill(50), ...Array(50).fill(82)], 10, true).isTooMuch).toBe(true)
})

test('a leak that goes on is seen', () => {
  expect(growthOf(rising(60, 120), 10, false).isTooMuch).toBe(true)
})
