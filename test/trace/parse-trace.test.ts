// The trace file's format: what is read, and which mistake is told how.
import { describe, expect, test } from 'vitest'
import { parseTrace, TraceError } from '../../src/trace/parse-trace.ts'
import { echoSession, wpsSession } from '../ladder/samples.ts'

const name = 'client.ndjson'
const header = {
  format: 'pynet-trace',
  version: 2,
  source: 'pynet',
  program: 'echo-client',
  pid: 4242,
  startedAt: '2026-11-24T04:30:00.000Z',
}
const ends = {
  socket: 1,
  local: { host: '127.0.0.1', port: 40_312 },
  remote: { host: '127.0.0.1', port: 2000 },
}
const recv = { call: 'recv', at: 5, blocked: 0.25, ...ends, bytes: 3, offset: 0, head: '616263' }

function lines(...values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** What is told of a text that is not in order. */
function errorOf(text: string): TraceError {
  try {
    parseTrace(text, name)
  } catch (error) {
    if (error instanceof TraceError) return error
    throw error
  }
  throw new Error('the text was taken for a trace')
}

describe('a trace in order', () => {
  test('gives its header and its calls', () => {
    const trace = parseTrace(lines(header, recv), name)
    expect(trace).toEqual({ name, header, calls: [recv], isCutShort: false })
  })

  test.each(Object.entries({ ...echoSession(), wps: wpsSession().client }))(
    'of %s is read',
    (_, { trace }) => {
      expect(trace.calls.length).toBeGreaterThan(4)
    },
  )

  test('of version 1 is read as one of our own programs', () => {
    const { source, ...first } = { ...header, version: 1 }
    expect(parseTrace(lines(first, recv), name).header).toEqual({ ...first, source })
  })

  test('may begin with a byte order mark and end with blank lines', () => {
    expect(parseTrace(`\ufeff${lines(header, recv)}\n \r\n`, name).calls).toEqual([recv])
  })

  test('of a header alone has no calls', () => {
    expect(parseTrace(lines(header), name).calls).toEqual([])
  })

  test('may have fields that this version does not know', () => {
    const more = { ...recv, colour: 'green', local: { ...recv.local, family: 4 } }
    const text = lines({ ...header, host: 'here' }, more)
    expect(parseTrace(text, name).calls).toHaveLength(1)
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(parseTrace(text.replace('"green"', deep), name).calls).toHaveLength(1)
    expect(errorOf(text.replace('"127.0.0.1"', deep)).message).toMatch(/line 2: "local" must be/)
  })

  test.each([
    { call: 'listen', at: 1, blocked: 0, socket: 1, local: ends.local },
    { call: 'listen', at: 1, blocked: 0, socket: 1, error: 'EADDRINUSE' },
    {
      call: 'connect',
      at: 1,
      blocked: 0,
      remote: { host: 'nowhere', port: 1 },
      error: 'ENOTFOUND',
    },
    { call: 'tryRecv', at: 1, blocked: 0, ...ends, wouldBlock: 12 },
    { call: 'recv', at: 1, blocked: 0, socket: 1, bytes: 3, offset: 0 },
    { call: 'recv', at: 1, waiting: true, ...ends },
    { call: 'send', at: 1, blocked: 0, ...ends, bytes: 3, offset: 0, asked: 9, process: 77 },
    { call: 'setsockopt SO_REUSEADDR', at: 1, blocked: 0, socket: 1, bytes: 4 },
    { call: 'recv', at: 1, blocked: 0, ...ends, error: 'ECONNRESET' },
    { call: 'recv', at: 1, blocked: 0, ...ends, bytes: 0, offset: 0 },
    { call: 'keyboard', at: 1, blocked: 0, bytes: 1, head: '61' },
    { call: 'keyboard', at: 1, blocked: 0 },
    { call: 'close', at: 1, blocked: 0, socket: 1, local: ends.local },
  ])('may hold %j', (call) => {
    expect(parseTrace(lines(header, call), name).calls).toEqual([call])
  })
})

describe('a call that waited', () => {
  const began = { call: 'recv', at: 4.75, waiting: true, ...ends }

  test('and then returned is one call', () => {
    const other = { ...began, socket: 2 }
    expect(parseTrace(lines(header, began, other, recv), name).calls).toEqual([other, recv])
  })

  test('is one call when it returned a socket that it did not begin with', () => {
    const waiting = { call: 'accept', at: 1, waiting: true, socket: 1, local: ends.local }
    const accept = { call: 'accept', at: 900.5, blocked: 899.5, ...ends, socket: 2 }
    expect(parseTrace(lines(header, waiting, accept), name).calls).toEqual([accept])
  })

  test('and never returned keeps its record', () => {
    const next = { ...recv, at: 400, blocked: 1 }
    expect(parseTrace(lines(header, next, { ...began, at: 401 }), name).calls).toHaveLength(2)
  })
})

describe('a trace of a killed program', () => {
  const whole = lines(header, recv, { ...recv, at: 6, offset: 3 })

  test('cut anywhere behind its header has all whole calls', () => {
    const headerLength = lines(header).length
    const callLength = lines(header, recv).length
    for (let length = headerLength; length <= whole.length; length++) {
      const trace = parseTrace(whole.slice(0, length), name)
      const isWithoutNewline = length === callLength - 1 || length === whole.length - 1
      const calls = length >= whole.length - 1 ? 2 : length >= callLength - 1 ? 1 : 0
      expect(trace.calls).toHaveLength(calls)
      const isBetween = length === headerLength || length === callLength || length === whole.length
      expect(trace.isCutShort).toBe(!isBetween && !isWithoutNewline)
    }
  })

  test.each(['', lines(header).slice(0, 20)])('cut in its header is none: %j', (text) => {
    const { code, message } = errorOf(text)
    expect(code).toBe('ERR_TRACE_FORMAT')
    expect(message).toMatch(/^client\.ndjson is not a pynet trace: /)
  })
})

describe('what is not in order', () => {
  test.each([
    ['not JSON', `${lines(header)}{"call":\n`, /line 2: this is not JSON$/],
    ['two traces', lines(header, recv, header), /line 3: a second trace begins here/],
    ['a header behind half a line', `${lines(header)}{"call"${lines(header)}`, /line 2: a second/],
    ['no object', lines(header, [1]), /line 2: this is not a JSON object$/],
    [
      'another format',
      lines({ ...header, format: 'har' }),
      /line 1: .*"format" is not "pynet-trace"$/,
    ],
    ['no header', lines(recv), /line 1: .*"format"/],
    ['text', 'hello\n', /line 1: not the header of a pynet trace: this is not JSON$/],
    ['no program', lines({ ...header, program: '' }), /line 1: "program"/],
    ['no pid', lines({ ...header, pid: 0 }), /line 1: "pid"/],
    ['no time', lines({ ...header, startedAt: 'noon' }), /line 1: "startedAt"/],
    ['a call without a name', lines(header, { ...recv, call: '' }), /line 2: "call" must be/],
    ['a text for a time', lines(header, { ...recv, at: '5' }), /line 2: "at" must be a number/],
    ['a negative time', lines(header, { ...recv, blocked: -1 }), /line 2: "blocked" must be/],
    ['half a byte', lines(header, { ...recv, bytes: 1.5 }), /line 2: "bytes" must be/],
    [
      'a head that is too long',
      lines(header, { ...recv, head: '61'.repeat(33) }),
      /line 2: "head" must be/,
    ],
    ['a head of half a byte', lines(header, { ...recv, head: '616' }), /line 2: "head" must be/],
    [
      'a port of 70000',
      lines(header, { ...recv, remote: { host: 'a', port: 70_000 } }),
      /line 2: "remote" must/,
    ],
    ['no wouldBlock', lines(header, { ...recv, wouldBlock: 0 }), /line 2: "wouldBlock" must/],
    ['a null', lines(header, { ...recv, error: null }), /line 2: "error" must be/],
    [
      'a gap',
      lines(header, recv, { ...recv, offset: 4 }),
      /line 3: "offset" is 4, but 3 bytes were received on socket 1/,
    ],
    ['an overlap', lines(header, recv, { ...recv, offset: 2 }), /line 3: "offset" is 2, but 3/],
    [
      'a late start',
      lines(header, { ...recv, call: 'sendAll', offset: 1 }),
      /"offset" is 1, but 0 bytes were sent/,
    ],
  ])('%s: the message names the file, the line and the field', (_, text, message) => {
    const error = errorOf(text)
    expect(error.message).toMatch(/^client\.ndjson, /)
    expect(error.message).toMatch(message)
    expect(error.code).toBe('ERR_TRACE_FORMAT')
  })

  test.each(['call', 'at', 'blocked', 'socket', 'bytes', 'offset'])('recv without %s', (field) => {
    const { [field as 'call']: _, ...rest } = recv
    expect(errorOf(lines(header, rest)).message).toMatch(new RegExp(`line 2: .*"${field}"`))
  })

  test.each([3, 0, '1', undefined, [[[]]]])(
    'version %j: the message says which are read',
    (version) => {
      const error = errorOf(lines({ ...header, version }, recv))
      expect(error.code).toBe('ERR_TRACE_VERSION')
      expect(error.message).toContain('this pynet reads versions 1 and 2')
    },
  )

  test('each socket and direction has a stream of its own', () => {
    const send = { ...recv, call: 'sendAll' }
    const other = { ...recv, socket: 2 }
    expect(parseTrace(lines(header, recv, send, other), name).calls).toHaveLength(3)
  })
})
