// The lines of a trace on the terminal: each kind of call in its words.
import { describe, expect, test } from 'vitest'
import { type Call, transferOf } from '../../src/calls.ts'
import { SocketError } from '../../src/index.ts'
import { readBlocked, TraceLines, traceLine } from '../../src/trace/trace-lines.ts'

const local = { host: '127.0.0.1', port: 2000 }
const remote = { host: '127.0.0.1', port: 40312 }
const subject = { socket: 1, local, remote }
const quick = { subject, startedAt: 2310, returnedAt: 2310.4 }

describe('a line', () => {
  const cases: [Call, string][] = [
    [{ ...quick, name: 'listen', subject: { socket: 1, local } }, 'listen on 127.0.0.1:2000'],
    [{ ...quick, name: 'accept' }, 'accept from 127.0.0.1:40312'],
    [{ ...quick, name: 'connect' }, 'connect to 127.0.0.1:40312 from 127.0.0.1:2000'],
    [
      { ...quick, name: 'recv', transfer: transferOf(Buffer.from('a\x1b[1m\n'), 0) },
      'recv 6 bytes "a^[[1m\\n" from 127.0.0.1:40312',
    ],
    [
      { ...quick, name: 'recv', transfer: transferOf(Buffer.alloc(0), 6) },
      'recv 0 bytes: end of data from 127.0.0.1:40312',
    ],
    [
      { ...quick, name: 'sendAll', transfer: transferOf(Buffer.alloc(30_000, 'abc'), 0) },
      `sendAll 30,000 bytes "${'abc'.repeat(10)}ab…" to 127.0.0.1:40312`,
    ],
    [{ ...quick, name: 'tryRecv', wouldBlock: true }, 'tryRecv nothing yet from 127.0.0.1:40312'],
    [
      { ...quick, name: 'recv', error: new SocketError('ECONNRESET', 'lost', remote) },
      'recv failed (ECONNRESET) from 127.0.0.1:40312',
    ],
    [{ ...quick, name: 'keyboard', subject: {} }, 'keyboard end of input'],
    [{ ...quick, name: 'keyboard', subject: {}, error: new Error('over') }, 'keyboard given up'],
    [
      { ...quick, name: 'recv', error: new SocketError('ERR_SOCKET_CLOSED', 'closed', remote) },
      'recv given up from 127.0.0.1:40312',
    ],
    [
      { ...quick, name: 'recv', error: new DOMException('over', 'AbortError') },
      'recv given up from 127.0.0.1:40312',
    ],
    [
      { ...quick, name: 'keyboard', subject: {}, transfer: transferOf(Buffer.alloc(0)) },
      'keyboard Enter',
    ],
    [
      { ...quick, name: 'keyboard', subject: {}, transfer: transferOf(Buffer.from('a')) },
      'keyboard "a"',
    ],
    [{ ...quick, name: 'close' }, 'close with 127.0.0.1:40312'],
    [{ ...quick, name: 'close', subject: { socket: 1, local } }, 'close on 127.0.0.1:2000'],
  ]
  test.each(cases)('of %o', (call, words) => {
    expect(traceLine(call)).toBe(`[   2.310 s] ${words}`)
  })

  test('says how long the call blocked, where one could notice', () => {
    const transfer = transferOf(Buffer.from('abc'), 0)
    expect(traceLine({ name: 'recv', subject, startedAt: 206, returnedAt: 2310, transfer })).toBe(
      '[   2.310 s] recv 3 bytes "abc" from 127.0.0.1:40312, blocked 2.104 s',
    )
  })

  test('says no such thing of a nonblocking call, however slow the machine', () => {
    const transfer = transferOf(Buffer.from('a'), 0)
    const call: Call = { name: 'tryRecv', subject, startedAt: 2304, returnedAt: 2310, transfer }
    expect(traceLine(call)).toBe('[   2.310 s] tryRecv 1 byte "a" from 127.0.0.1:40312')
  })

  test('tells of many empty-handed calls together', () => {
    expect(traceLine({ ...quick, name: 'tryRecv', wouldBlock: true }, 48_213)).toBe(
      '[   2.310 s] tryRecv nothing yet, 48,213 times from 127.0.0.1:40312',
    )
  })
})

test('a call that has not returned after a second shows as blocked, once', async () => {
  const lines: string[] = []
  const trace = new TraceLines((line) => lines.push(line))
  const call: Call = { name: 'recv', subject, startedAt: performance.now() - 1000 }
  trace.begins(call)
  await expect.poll(() => lines, { timeout: 20_000 }).toHaveLength(1)
  expect(lines[0]).toMatch(/^\[ *\d+\.\d{3} s\] recv from 127\.0\.0\.1:40312 … blocked$/)
  const told = readBlocked(lines[0] ?? '')
  expect(told?.call).toBe('recv')
  expect(told?.at).toBeGreaterThan(call.startedAt + 999)
  expect(told?.at).toBeLessThan(performance.now() + 1)
  call.returnedAt = performance.now()
  trace.returns(call, 1)
  trace.end()
  expect(lines).toHaveLength(2)
})

test('only a line that says blocked is read as that of a call which waits', () => {
  expect(readBlocked('[   2.352 s] keyboard … blocked')).toEqual({ call: 'keyboard', at: 2352 })
  expect(readBlocked(traceLine({ ...quick, name: 'recv' }))).toBeUndefined()
  expect(readBlocked('pynet: recv … blocked')).toBeUndefined()
})
