// The hand-written iterator under `for await`: what it gives, and what leaving the loop does.
import { expect, test } from 'vitest'
import { asyncIterator } from '../../src/socket/async-iterator.ts'

/** Gives 1, 2 and so on to `last`, then its end; counts how often the loop was left. */
function upTo(last: number) {
  let value = 0
  let timesLeft = 0
  const next = async (): Promise<IteratorResult<number, undefined>> =>
    value < last ? { done: false, value: ++value } : { done: true, value: undefined }
  const iterator = asyncIterator(next, () => {
    timesLeft++
  })
  return { iterator, timesLeft: () => timesLeft }
}

test('a loop that runs to the end gets every value, and is not left', async () => {
  const { iterator, timesLeft } = upTo(3)
  const values: number[] = []
  for await (const value of iterator) values.push(value)
  expect(values).toEqual([1, 2, 3])
  expect(timesLeft()).toBe(0)
})

test('a loop that is left is left once, and the iterator is over', async () => {
  const { iterator, timesLeft } = upTo(3)
  for await (const value of iterator) {
    if (value === 1) break
  }
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
  expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
  expect(timesLeft()).toBe(1)
})

test('an error of a value reaches the loop', async () => {
  const failing = asyncIterator(() => Promise.reject(new Error('no more')))
  await expect(failing.next()).rejects.toThrow('no more')
})
