// A busy loop in a few records.
import { expect, test } from 'vitest'
import type { TraceCall } from '../../src/trace/format.ts'
import { Folding } from '../../src/watch/folding.ts'
import { brief } from './strace.ts'

function folding() {
  const told: TraceCall[] = []
  const fold = new Folding((record) => told.push(record))
  let at = 0
  const add = (record: Partial<TraceCall>) => {
    at += 1
    fold.add({ call: 'recv', at, blocked: 0.5, ...record })
  }
  return { fold, add, told, brief: () => told.map(brief) }
}

const nothing = { wouldBlock: 1 }

test('would-blocks in a row are one record with their number, told before what ends the row', () => {
  const { add, told, brief } = folding()
  for (let round = 0; round < 40_000; round++) {
    add({ socket: 1, ...nothing })
    add({ socket: 2, ...nothing })
  }
  expect(told).toEqual([])
  add({ socket: 1, bytes: 1, offset: 0 })
  expect(brief()).toEqual(['recv #1 ×40000', 'recv #1 1@0'])
  expect(told[0]).toMatchObject({ at: 79_999, blocked: 20_000 })
})

test('a loop that stops is told of after a while', () => {
  const { fold, add, brief } = folding()
  add({ socket: 1, ...nothing })
  fold.look()
  add({ socket: 1, ...nothing })
  fold.look()
  expect(brief()).toEqual([])
  fold.look()
  expect(brief()).toEqual(['recv #1 ×2'])
  fold.look()
  fold.end()
  expect(brief()).toEqual(['recv #1 ×2'])
})

test('an accept and a recv that find nothing, or two processes on one listener, are told apart', () => {
  const { fold, add, brief } = folding()
  for (const process of [undefined, 7, undefined, 7, 7]) {
    add({ call: 'accept', socket: 1, process, ...nothing })
  }
  add({ socket: 2, ...nothing })
  fold.end()
  expect(brief()).toEqual(['accept #1 ×2', '7: accept #1 ×3', 'recv #2 ×1'])
})

test('a select that is ready again and again, for nobody reads, is told once and then counted', () => {
  const { fold, add, told, brief } = folding()
  for (let round = 0; round < 1000; round++) {
    add({ call: 'select', socket: 1 })
    add({ call: 'select', socket: 2 })
  }
  expect(brief()).toEqual(['select #1', 'select #2'])
  fold.end()
  expect(brief()).toEqual(['select #1', 'select #2', 'select #1', 'select #2'])
  expect(told[2]).toMatchObject({ times: 999, blocked: 499.5 })
})

test('the end of data, or a failure, again and again is told once and then counted', () => {
  const { fold, add, told, brief } = folding()
  for (let round = 0; round < 100; round++) add({ socket: 1, bytes: 0, offset: 5 })
  for (let round = 0; round < 100; round++) add({ call: 'send', socket: 1, error: 'EPIPE' })
  fold.end()
  expect(brief()).toEqual(['recv #1 0@5', 'recv #1 0@5', 'send #1 EPIPE', 'send #1 EPIPE'])
  expect(told.map((record) => Object(record).times)).toEqual([undefined, 99, undefined, 99])
})

test('a select that found nothing is told before the next one that is ready', () => {
  const { add, brief } = folding()
  add({ call: 'select', ...nothing })
  add({ call: 'select', ...nothing })
  add({ call: 'select', socket: 1 })
  expect(brief()).toEqual(['select ×2', 'select #1'])
})

test('a call of which it was told that it waits stands by itself', () => {
  const { fold, add, brief } = folding()
  add({ call: 'select', ...nothing })
  add({ call: 'select', at: 100, blocked: undefined, waiting: true })
  add({ call: 'select', at: 350, blocked: 250, ...nothing })
  add({ call: 'select', ...nothing })
  fold.end()
  expect(brief()).toEqual(['select ×1', 'select …', 'select ×1', 'select ×1'])
})

test('calls that bring something are never folded', () => {
  const { add, told } = folding()
  for (let offset = 0; offset < 100; offset++) add({ socket: 1, bytes: 1, offset })
  expect(told).toHaveLength(100)
})
