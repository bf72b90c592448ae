// The summary of a program's calls: what is counted, and the bars of the chunks.
import { describe, expect, test } from 'vitest'
import type { TraceCall } from '../../src/trace/format.ts'
import { chunkLines, Summary } from '../../src/trace/summary.ts'

const ends = {
  socket: 1,
  local: { host: '127.0.0.1', port: 40_312 },
  remote: { host: '127.0.0.1', port: 2000 },
}

function summaryOf(...calls: TraceCall[]): string[] {
  const lines: string[] = []
  const cost = () => ({ processorMs: 177, wallMs: 2989 })
  const summary = new Summary('echo-client', (line) => lines.push(line), cost)
  for (const call of calls) summary.write(call)
  summary.end()
  return lines
}

const received = (call: string, bytes: number, blocked = 1500): TraceCall => {
  return { call, at: 2500, blocked, ...ends, bytes, offset: 0 }
}

test('a summary counts calls, bytes, blocked time, failures and would-blocks', () => {
  const lines = summaryOf(
    received('recv', 1000),
    received('recv', 3),
    { call: 'recv', at: 1, waiting: true, ...ends },
    { call: 'recv', at: 1, blocked: 1, ...ends, error: 'ECONNRESET' },
    { call: 'tryRecv', at: 1, blocked: 0, ...ends, wouldBlock: 48_213 },
    { call: 'close', at: 2, blocked: 0, ...ends },
    { call: 'close', at: 2, blocked: 0, socket: 2, local: ends.local },
  )
  expect(lines).toEqual([
    'summary of echo-client',
    '  recv                  3 ×         1,003 bytes  blocked    3.001 s  1 failed',
    '  close                 1 ×                      blocked    0.000 s',
    '  close listener        1 ×                      blocked    0.000 s',
    '  tryRecv          48,213 ×  would block',
    '  chunks of recv: smallest 3, median 501.5, largest 1,000 bytes',
    `                         3  ${'█'.repeat(30)} 1`,
    `              512 to 1,000  ${'█'.repeat(30)} 1`,
    '  processor time 0.177 s of 2.989 s wall time',
  ])
})

test('without a cost there is no line of processor time, as for another program', () => {
  const lines: string[] = []
  new Summary('server.py', (line) => lines.push(line)).end()
  expect(lines).toEqual(['summary of server.py'])
})

test('a call that the program itself ended has not failed, and is counted beside', () => {
  const failing = (error: string): TraceCall => ({ call: 'recv', at: 0, blocked: 0, error })
  const [, line] = summaryOf(
    failing('ERR_ABORTED'),
    failing('ERR_SOCKET_CLOSED'),
    failing('ECONNRESET'),
  )
  expect(line).toBe(
    '  recv              3 ×                      blocked    0.000 s  2 given up  1 failed',
  )
})

test('a nonblocking call has no blocked time, and a long wait leaves the columns straight', () => {
  const [, tried = '', waited = ''] = summaryOf(
    received('tryRecv', 1),
    received('recv', 1, 123_456),
  )
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
