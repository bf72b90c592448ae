// The mask of --plain: what differs from run to run goes, what is the same stays.
import { describe, expect, it } from 'vitest'
import { plainMask } from '../../src/demo/mask.ts'
import type { Trace, TraceCall } from '../../src/trace/format.ts'

function traceOf(calls: readonly Partial<TraceCall>[]): Trace {
  const header = {
    format: 'pynet-trace',
    version: 2,
    source: 'pynet',
    program: 'echo-client',
    pid: 4242,
    startedAt: '2026-11-24T04:30:00.000Z',
  } as const
  const whole = calls.map((call) => ({ call: 'recv', at: 7.5, blocked: 3.25, ...call }))
  return { name: 'client', header, calls: whole, isCutShort: false }
}

describe('the mask of a trace', () => {
  it('makes one call of the chunks in a row, up to the end of data', () => {
    const chunks = [
      { bytes: 100, offset: 0, head: '6162' },
      { bytes: 50, offset: 100, head: '6364' },
      { bytes: 0, offset: 150 },
    ]
    const { calls } = plainMask(false).trace(traceOf(chunks))
    expect(calls).toEqual([
      { call: 'recv', at: 0, blocked: 0, bytes: 150, offset: 0, head: '6162' },
      { call: 'recv', at: 1, blocked: 0, bytes: 0, offset: 150 },
    ])
  })

  it('keeps apart what came on two sockets, and leaves out would-blocks', () => {
    const { calls } = plainMask(false).trace(
      traceOf([
        { call: 'tryRecv', socket: 1, bytes: 1, offset: 0 },
        { call: 'tryRecv', socket: 1, wouldBlock: 3 },
        { call: 'tryRecv', socket: 2, bytes: 1, offset: 0 },
      ]),
    )
    expect(calls.map(({ socket }) => socket)).toEqual([1, 2])
  })

  it('is the same for two runs that differ in times and chunks', () => {
    const mask = plainMask(false)
    const one = traceOf([{ bytes: 30, offset: 0, head: '61' }])
    const other = traceOf([
      { bytes: 10, offset: 0, head: '61', at: 1 },
      { bytes: 20, offset: 10, head: '62', at: 2, blocked: 0.5 },
    ])
    const later = { ...other.header, startedAt: '2026-11-24T05:00:00.000Z' }
    expect(mask.trace({ ...other, header: later })).toEqual(mask.trace(one))
  })
})

describe('the mask of a text', () => {
  it('hides the port wherever it stands behind the address, but not the 0 of a server', () => {
    const { text } = plainMask(false)
    expect(text('connect 127.0.0.1:43121')).toBe('connect 127.0.0.1:PORT')
    expect(text("client is at ('127.0.0.1', 40312)")).toBe("client is at ('127.0.0.1', PORT)")
    expect(text('echo-client 127.0.0.1 43121 abc')).toBe('echo-client 127.0.0.1 PORT abc')
    expect(text('echo-server 0 --host 127.0.0.1')).toBe('echo-server 0 --host 127.0.0.1')
  })

  it('hides how many bytes were sent only where that is a matter of chance', () => {
    expect(plainMask(false).text('recv 30,000 bytes [0:30000]')).toBe('recv 30,000 bytes [0:30000]')
    expect(plainMask(true).text('sendAll 1,234 bytes [0:1234]')).toBe('sendAll N bytes [0:N]')
    expect(plainMask(true).text('recv 2 bytes [0:2]')).toBe('recv 2 bytes [0:2]')
  })
})

it('the mask of a summary keeps its columns, and leaves out what depends on the chunks', () => {
  const lines = [
    '  recv             12 ×        30,000 bytes  blocked      0.203 s',
    '  keyboard          1 ×                      blocked     10.176 s',
    '  tryRecv           1 ×  would block',
    '  chunks of recv: smallest 3, median 3, largest 3 bytes',
    '                         3  ██████████████████████████████ 1',
  ]
  expect(plainMask(false).summary(lines)).toEqual([
    '  recv              N ×        30,000 bytes  blocked         TIME',
    '  keyboard          1 ×                      blocked         TIME',
  ])
})
