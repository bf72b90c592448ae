// From published calls to the records of a trace.
import { expect, onTestFinished, test } from 'vitest'
import { callBegins, callReturns, transferOf } from '../../src/calls.ts'
import type { TraceCall } from '../../src/trace/format.ts'
import { observe } from '../../src/trace/observe.ts'

const endpoint = { socket: 7, local: { host: '::1', port: 1 }, remote: { host: '::1', port: 2 } }

/** Collects records from now on. */
function observed() {
  const records: TraceCall[] = []
  let ends = 0
  const stop = observe([{ write: (record) => records.push(record), end: () => ends++ }])
  onTestFinished(() => {
    stop()
    expect(ends).toBeGreaterThan(0)
  })
  return { records, stop }
}

test('a call that returned is a record of its own, to the microsecond', () => {
  const { records } = observed()
  const call = callBegins('recv', endpoint)
  callReturns(call, transferOf(Buffer.from('abc'), 4))
  const [record] = records
  expect(record).toEqual({
    ...{ call: 'recv', ...endpoint, bytes: 3, offset: 4, head: '616263' },
    at: Math.round((call.returnedAt ?? 0) * 1000) / 1000,
    blocked: expect.any(Number),
  })
  expect(record?.blocked).toBeCloseTo((call.returnedAt ?? 0) - call.startedAt, 2)
})

test.each([
  [Object.assign(new Error('lost'), { code: 'ECONNRESET' }), 'ECONNRESET'],
  [new DOMException('over', 'AbortError'), 'ERR_ABORTED'],
])('a call that failed has the code of its error: %s', (error, code) => {
  const { records } = observed()
  callReturns(callBegins('recv', endpoint), { error })
  expect(records).toMatchObject([{ call: 'recv', error: code }])
})

test('would-blocks in a row on a socket are one record, before the next call on that socket', () => {
  const { records } = observed()
  const poll = (socket: number) => {
    callReturns(callBegins('tryRecv', { ...endpoint, socket }), { wouldBlock: true })
  }
  for (let round = 0; round < 5; round++) for (const socket of [7, 8]) poll(socket)
  expect(records).toEqual([])
  callReturns(callBegins('tryRecv', endpoint), transferOf(Buffer.from('a'), 0))
  expect(records).toMatchObject([
    { socket: 7, wouldBlock: 5 },
    { socket: 7, bytes: 1 },
  ])
})

test('would-blocks that nothing follows are written soon, and at the end', async () => {
  const { records, stop } = observed()
  const poll = () => callReturns(callBegins('tryRecv', endpoint), { wouldBlock: true })
  poll()
  poll()
  await expect.poll(() => records).toMatchObject([{ wouldBlock: 2 }])
  poll()
  stop()
  expect(records.at(-1)).toMatchObject({ wouldBlock: 1 })
})

test('a call that waits is written once before it returns, with the time when it began', async () => {
  const { records } = observed()
  const { startedAt, ...call } = callBegins('accept', { socket: 1, local: endpoint.local })
  callReturns(callBegins('listen'))
  await expect.poll(() => records, { timeout: 5000 }).toHaveLength(2)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100)
  const at = Math.round(startedAt * 1000) / 1000
  expect(records[1]).toEqual({ ...call, at, waiting: true })
})

test('a call that waits does not keep the program alive', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  observed()
  callBegins('accept')
  expect(timers()).toBe(before)
})
