// The summary of a program's calls: what is counted, and the bars of the chunks.
import { describe, expect, test } from 'vitest'
import { type Call, transferOf } from '../../src/trace/calls.ts'
import { chunkLines, Summary } from '../../src/trace/summary.ts'

const subject = { socket: 1 }

function summaryOf(calls: [Call, number][]): string[] {
  const lines: string[] = []
  const summary = new Summary('echo-client', (line) => lines.push(line))
  for (const [call, times] of calls) summary.returns(call, times)
  summary.end()
  return lines
}

test('a summary counts calls, bytes, blocked time, failures and empty-handed calls', () => {
  const recv = (bytes: number): Call => ({
    name: 'recv',
    subject,
    startedAt: 1000,
    returnedAt: 2500,
    transfer: transferOf(Buffer.alloc(bytes), 0),
  })
  const lines = summaryOf([
    [recv(1000), 1],
    [recv(3), 1],
    [{ name: 'recv', subject, startedAt: 0, returnedAt: 1, error: new Error('no') }, 1],
    [{ name: 'tryRecv', subject, startedAt: 0, returnedAt: 0, wouldBlock: true }, 48_213],
  ])
  expect(lines.slice(0, -1)).toEqual([
    'summary of echo-client',
    '  recv              3 ×         1,003 bytes     blocked 3.001 s  1 failed',
    '  tryRecv      48,213 ×  nothing yet (would block)',
    '  chunks of recv: smallest 3, median 3, largest 1,000 bytes',
    `                    2 to 3  ${'█'.repeat(30)} 1`,
    `              512 to 1,023  ${'█'.repeat(30)} 1`,
  ])
  expect(lines.at(-1)).toMatch(/^ {2}processor time \d+\.\d{3} s of \d+\.\d{3} s wall time$/)
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
      '       65,536 to 131,071  █ 1',
    ])
  })
})
