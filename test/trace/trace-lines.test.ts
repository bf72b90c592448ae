// The lines of a trace on the terminal: each kind of call in its words.
import { expect, test } from 'vitest'
import type { TraceCall } from '../../src/trace/format.ts'
import { traceLines } from '../../src/trace/trace-lines.ts'

const local = { host: '127.0.0.1', port: 2000 }
const remote = { host: '127.0.0.1', port: 40312 }
const ends = { socket: 2, local, remote }

/** What a call's line says behind its time. */
function line(call: string, fields: Partial<TraceCall>): string {
  const lines: string[] = []
  traceLines((shown) => lines.push(shown)).write({ call, at: 2310.4, blocked: 0.4, ...fields })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\[ {3}2\.310 s\] /)
  return lines[0]?.slice('[   2.310 s] '.length) ?? ''
}

const head = (text: string) => ({ head: Buffer.from(text).toString('hex').slice(0, 64) })

test.each<[call: string, fields: Partial<TraceCall>, words: string]>([
  ['listen', { socket: 1, local }, 'listen on 127.0.0.1:2000'],
  ['accept', ends, 'accept from 127.0.0.1:40312'],
  ['connect', ends, 'connect to 127.0.0.1:40312 from 127.0.0.1:2000'],
  [
    'connect',
    { remote, error: 'ECONNREFUSED' },
    'connect failed (ECONNREFUSED) to 127.0.0.1:40312',
  ],
  [
    'recv',
    { ...ends, bytes: 6, offset: 0, ...head('a\x1b[1m\n') },
    'recv 6 bytes "a^[[1m\\n" from 127.0.0.1:40312',
  ],
  ['recv', { ...ends, bytes: 0, offset: 6 }, 'recv 0 bytes: end of data from 127.0.0.1:40312'],
  [
    'sendAll',
    { ...ends, bytes: 30_000, offset: 0, ...head('abc'.repeat(11)) },
    `sendAll 30,000 bytes "${'abc'.repeat(10)}ab…" to 127.0.0.1:40312`,
  ],
  ['tryRecv', { ...ends, wouldBlock: 1 }, 'tryRecv would block from 127.0.0.1:40312'],
  ['tryRecv', { ...ends, wouldBlock: 48_213 }, 'tryRecv would block ×48,213 from 127.0.0.1:40312'],
  ['recv', { ...ends, error: 'ECONNRESET' }, 'recv failed (ECONNRESET) from 127.0.0.1:40312'],
  ['recv', { ...ends, error: 'ERR_SOCKET_CLOSED' }, 'recv given up from 127.0.0.1:40312'],
  ['recv', { ...ends, error: 'ERR_ABORTED' }, 'recv given up from 127.0.0.1:40312'],
  ['keyboard', {}, 'keyboard end of input'],
  ['keyboard', { bytes: 0 }, 'keyboard Enter'],
  ['keyboard', { bytes: 1, ...head('a') }, 'keyboard "a"'],
  ['close', ends, 'close with 127.0.0.1:40312'],
  ['close', { socket: 1, local }, 'close listener on 127.0.0.1:2000'],
  // What only `watch` sees.
  ['socket', { socket: 2 }, 'socket'],
  ['bind', { socket: 2, local, error: 'EADDRINUSE' }, 'bind failed (EADDRINUSE) on 127.0.0.1:2000'],
  [
    'send',
    { ...ends, bytes: 120_000, offset: 0, asked: 1_000_000, process: 77 },
    '[pid 77] send 120,000 of 1,000,000 bytes "…" to 127.0.0.1:40312',
  ],
  ['select', { ...ends, blocked: 500 }, 'select blocked 0.500 s ready: 127.0.0.1:40312'],
  ['setsockopt SO_REUSEADDR', ends, 'setsockopt SO_REUSEADDR on 127.0.0.1:40312'],
])('%s %j', (call, fields, words) => {
  expect(line(call, fields)).toBe(words)
})

test('a wait that one could notice stands where 80 columns do not cut it', () => {
  const data = { ...ends, blocked: 2104, bytes: 3, offset: 0, ...head('abc') }
  expect(line('recv', data)).toBe('recv blocked 2.104 s 3 bytes "abc" from 127.0.0.1:40312')
  expect(line('tryRecv', data)).not.toContain('blocked')
})

test('a call that waits shows as blocked', () => {
  expect(line('recv', { ...ends, waiting: true })).toBe('recv … blocked from 127.0.0.1:40312')
  expect(line('keyboard', { waiting: true })).toBe('keyboard … blocked')
  expect(line('connect', { remote, waiting: true })).toBe('connect … blocked to 127.0.0.1:40312')
})
