// The digest: the first event is told at once, the others once a second, together.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Digest } from '../../src/command-line/digest.ts'

let told: [count: number, last: string][] = []
const tell = (count: number, last: string) => told.push([count, last])

beforeEach(() => {
  told = []
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function addAll(digest: Digest<string>, ...events: string[]): void {
  for (const event of events) digest.add(event)
}

test('the first event is told at once', () => {
  addAll(new Digest(tell), 'a')
  expect(told).toEqual([[1, 'a']])
})

test('those of the second after it are told together when it is over, with the last', () => {
  addAll(new Digest(tell), 'a', 'b', 'c', 'd')
  vi.advanceTimersByTime(999)
  expect(told).toEqual([[1, 'a']])
  vi.advanceTimersByTime(1)
  expect(told).toEqual([
    [1, 'a'],
    [3, 'd'],
  ])
})

test('an event after a quiet second is told at once again', () => {
  const digest = new Digest(tell)
  addAll(digest, 'a')
  vi.advanceTimersByTime(1000)
  addAll(digest, 'b')
  expect(told).toEqual([
    [1, 'a'],
    [1, 'b'],
  ])
})

test('a line a second, however many events there are, and each event is counted', () => {
  const digest = new Digest(tell)
  for (let ms = 0; ms < 5000; ms++) {
    addAll(digest, 'x')
    vi.advanceTimersByTime(1)
  }
  expect(told.length).toBe(6)
  expect(told.reduce((sum, [count]) => sum + count, 0)).toBe(5000)
})

test('what is left is told at the end, and nothing after it', () => {
  const digest = new Digest(tell)
  addAll(digest, 'a', 'b', 'c')
  digest.end()
  expect(told).toEqual([
    [1, 'a'],
    [2, 'c'],
  ])
  addAll(digest, 'd')
  digest.end()
  vi.advanceTimersByTime(10_000)
  addAll(digest, 'e')
  vi.advanceTimersByTime(10_000)
  expect(told.length).toBe(2)
})

test('an end without events tells nothing', () => {
  new Digest(tell).end()
  vi.advanceTimersByTime(10_000)
  expect(told).toEqual([])
})

test('untilCalm: told once for as long as events come, and again after a quiet second', () => {
  const digest = new Digest(tell, { untilCalm: true })
  for (let i = 0; i < 50; i++) {
    addAll(digest, 'x')
    vi.advanceTimersByTime(100)
  }
  expect(told).toEqual([[1, 'x']])
  vi.advanceTimersByTime(2000)
  addAll(digest, 'y')
  expect(told).toEqual([
    [1, 'x'],
    [1, 'y'],
  ])
})

test('untilCalm: nothing is told at the end', () => {
  const digest = new Digest(tell, { untilCalm: true })
  addAll(digest, 'a', 'b')
  digest.end()
  expect(told).toEqual([[1, 'a']])
})
