// The summary of a program's calls: what is counted, and the bars of the chunks.
import { describe, expect, test } from 'vitest'
import { type Call, transferOf } from '../../src/calls.ts'
import { SocketError } from '../../src/index.ts'
import { chunkLines, Summary } from '../../src/trace/summary.ts'

const subject = { socket: 1 }
const address = { host: '127.0.0.1', port: 2000 }
const reset = new SocketError('ECONNRESET', 'lost', address)

function summaryOf(calls: [Call, number][]): string[] {
  const lines: string[] = []
  const summary = new Summary('echo-client', (line) => lines.push(line))
  for (const [call, times] of calls) summary.returns(call, times)
  summary.end()
  return lines
}

const received = (name: 'recv' | 'tryRecv', bytes: number, returnedAt = 2500): Call => ({
  name,
  subject,
  startedAt: 1000,
  returnedAt,
  transfer: transferOf(Buffer.alloc(bytes), 0),
})

test('a summary counts calls, bytes, blocked time, failures and empty-handed calls', () => {
  const lines = summaryOf([
    [received('recv', 1000), 1],
    [received('recv', 3), 1],
    [{ name: 'recv', subject, startedAt: 0, returnedAt: 1, error: reset }, 1],
    [{ name: 'tryRecv', subject, startedAt: 0, returnedAt: 0, wouldBlock: true }, 48_213],
  ])
  expect(lines.slice(0, -1)).toEqual([
    'summary of echo-client',
    '  recv              3 ×         1,003 bytes  blocked    3.001 s  1 failed',
    '  tryRecv      48,213 ×  nothing yet (would block)',
    '  chunks of recv: smallest 3, median 501.5, largest 1,000 bytes',
    `                         3  ${'█'.repeat(30)} 1`,
    `              512 to 1,000  ${'█'.repeat(30)} 1`,
  ])
  expect(lines.at(-1)).toMatch(/^ {2}processor time \d+\.\d{3} s of \d+\.\d{3} s wall time$/)
})

test('a call that the program itself ended has not failed, and is counted beside', () => {
  const failing = (error: unknown): Call => ({ name: 'recv', subject, startedAt: 0, error })
  const [, line] = summaryOf([
    [failing(new Error('nobody waits any more')), 1],
    [failing(new SocketError('ERR_SOCKET_CLOSED', 'closed', address)), 1],
    [failing(reset), 1],
  ])
  expect(line).toBe(
    '  recv              3 ×                      blocked    0.000 s  2 given up  1 failed',
  )
})

test('a nonblocking call has no blocked time, and a long wait leaves the columns straight', () => {
  const [, tried = '', waited = ''] = summaryOf([
    [received('tryRecv', 1), 1],
    [received('recv', 1, 124_456), 1],
  ])
  expect(tried).toBe('  tryRecv           1 ×              1 byte')
  expect(waited).toBe('  recv              1 ×              1 byte  blocked  123.456 s')
})

describe('the median of the chunks', () => {
  test.each<[sizes: [size: number, times: number][], median: string]>([
    [[[7, 1]], '7'],
    [
      [
        [1, 1],
        [2, 1],
      ],
      '1.5',
    ],
    [
      [
        [1, 2],
        [2, 1],
      ],
      '1',
    ],
    [
      [
        [1, 2],
        [4, 2],
      ],
      '2.5',
    ],
    [
      [
        [1, 1],
        [2, 2],
        [9, 1],
      ],
      '2',
    ],
    [
      [
        [1, 1],
        [2, 1],
        [9, 3],
      ],
      '9',
    ],
  ])('of %j is %s', (sizes, median) => {
    expect(chunkLines(new Map(sizes))[0]).toContain(`median ${median}, `)
  })
})

describe('the bars', () => {
  test('are none where nothing was received', () => {
    expect(chunkLines(new Map())).toEqual([])
  })

  test('have a length by how often, and none is empty', () => {
    const lines = chunkLines(
      new Map([
        [1, 300],
        [65_536, 1],
      ]),
    )
    expect(lines).toEqual([
      'chunks of recv: smallest 1, median 1, largest 65,536 bytes',
      `                       1  ${'█'.repeat(30)} 300`,
      '                  65,536  █ 1',
    ])
  })
})
