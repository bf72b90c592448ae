// The diagram in a terminal, against pictures of it that somebody has looked at.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { buildLadder } from '../../src/ladder/build.ts'
import { columnsOf, cut, wrap } from '../../src/ladder/columns.ts'
import { textLadder } from '../../src/ladder/text.ts'
import {
  bulkEcho,
  client,
  echoSession,
  endedSession,
  SampleTrace as Sample,
  type SampleTrace,
  served,
  serverAddress,
  strSession,
  wpsSession,
} from './samples.ts'

/** A picture of the diagram, as `pynet ladder` printed it when it was last looked at. */
function golden(name: string): string {
  return readFileSync(new URL(`golden/${name}.txt`, import.meta.url), 'utf8')
}

function draw(samples: readonly SampleTrace[], width = 80, all = false): string {
  return textLadder(buildLadder(samples.map(({ trace }) => trace)), { width, all })
}

const echo = echoSession()
const bulk = bulkEcho()
const str = strSession()
const wps = wpsSession(40)

describe('the diagram in a terminal', () => {
  test.each([
    ['echo-80', [echo.client, echo.server], 80],
    ['echo-140', [echo.client, echo.server], 140],
    ['bulk-80', [bulk.client, bulk.server], 80],
    ['str-80', [str.ann, str.bob, str.server], 80],
    ['str-140', [str.server, str.bob, str.ann], 140],
    ['str-60-apart', [str.ann, str.bob, str.server], 60],
    ['wps-100', [wps.server, wps.client], 100],
    ['echo-one-side', [echo.server], 80],
    ['str-one-side', [str.server], 80],
  ] as const)('%s is as it was looked at', (name, samples, width) => {
    expect(draw(samples, width)).toBe(golden(name))
  })

  test('has a line for each call of a bulk transfer with `all`, and sums without', () => {
    const big = bulkEcho({ copies: 40, size: 1_000_000 })
    const samples = [big.client, big.server]
    expect(draw(samples).split('\n').length).toBeLessThan(110)
    expect(draw(samples)).toMatch(/⋮ \d+ more recv/)
    const all = draw(samples, 80, true)
    expect(all).not.toContain('more recv')
    expect(all.match(/ \d\.\d{3} recv /g)?.length).toBeGreaterThan(200)
  })

  test('shows an error, and what a killed program left', () => {
    const sample = new Sample('echo-client', 7)
    const socket = sample.socket('connect', 1, 0.5, client(40_000))
    socket.data('sendAll', 2, 0.2, 'abc')
    socket.add('recv', 900, 800, { error: 'ECONNRESET' })
    const drawn = textLadder(buildLadder([{ ...sample.trace, isCutShort: true }]), { width: 80 })
    expect(drawn).toContain('┞ 0.900 recv failed (ECONNRESET)')
    expect(drawn).toContain('└ the trace is cut short here')
  })

  test('says where a program was ended, or still runs', () => {
    const [one, other] = [new Sample('a', 1), new Sample('b', 2)]
    const here = one.socket('connect', 1, 0.1, client(40_000))
    other.socket('accept', 1, 0.1, served(40_000)).data('recv', 3, 0.1)
    const drawn = draw([one, other])
    // in as many lines as there is need for
    expect(drawn).toMatch(/^ └ the trace ends here[^\n]*└ the trace ends here.* runs$/ms)
    here.add('close', 2, 0.1)
    expect(draw([one, other])).toMatch(/^ └ +└ the trace ends here.* runs$/ms)
  })

  test('tells an end that the program itself made from a failure', () => {
    const { client: one, server } = endedSession()
    const drawn = draw([one, server])
    expect(drawn).toContain('┠ 0.380 recv given up')
    expect(drawn).toContain('┠ 0.900 recv given up')
    expect(drawn).toContain('┠ 0.902 accept given up')
    expect(drawn).not.toMatch(/failed|ERR_/)
  })

  test('of a killed program ends with what it was blocked in', () => {
    const [one, other] = [new Sample('a', 1), new Sample('b', 2)]
    const here = one.socket('connect', 1, 0.1, client(40_000))
    here.data('sendAll', 2, 0.1, 'abc')
    here.waits('recv', 3)
    const there = other.socket('accept', 1, 0.1, served(40_000))
    there.data('recv', 3, 0.1, 'abc')
    there.waits('sendAll', 4)
    other.waits('keyboard', 5)
    expect(draw([one, other])).toBe(golden('blocked-80'))
  })

  test('of a watched program shows its calls as they stand', () => {
    const [one, other] = [new Sample('client', 1), new Sample('server.py', 2, { source: 'watch' })]
    const here = one.socket('connect', 6, 0.1, client(40_000))
    here.data('recv', 8, 1.5, 'abc')
    other.add('socket', 1, 0, { socket: 9 })
    other.add('setsockopt SO_REUSEADDR', 1, 0, { socket: 9 })
    other.add('bind', 2, 0, { socket: 9, local: serverAddress })
    other.add('listen', 3, 0, { socket: 9, local: serverAddress })
    other.add('select', 5, 1.5, { socket: 9, local: serverAddress })
    const there = other.socket('accept', 6, 0.1, served(40_000))
    there.data('send', 7, 0.1, 'abc', { asked: 9 })
    there.add('fcntl(O_NONBLOCK)', 8, 0)
    there.add('recv', 9, 0, { wouldBlock: 40_213 })
    expect(draw([one, other])).toBe(golden('watched-80'))
  })

  test('of a program that never connected has its lane alone', () => {
    const sample = new Sample('echo-client', 7)
    sample.add('connect', 9, 4, {
      remote: { host: 'localhost', port: 2000 },
      error: 'ECONNREFUSED',
    })
    expect(draw([sample])).toContain('┞ 0.009 connect failed (ECONNREFUSED)')
  })

  test('says what was sent and not received', () => {
    const [one, other] = [new Sample('a', 1), new Sample('b', 2)]
    one.socket('connect', 1, 0.1, client(40_000)).data('sendAll', 2, 0.1, 'abcdef')
    other.socket('accept', 1, 0.1, served(40_000)).data('recv', 3, 0.1, 'abcd')
    expect(draw([one, other]).replace(/\s+/g, ' ')).toContain(
      '6 bytes in 1 send, 4 bytes in 1 receive; [4:6] not received',
    )
  })

  test('gives each send its bytes, however little room there is', () => {
    const [one, other] = [new Sample('a', 1), new Sample('b', 2)]
    const here = one.socket('connect', 1, 0.1, client(40_000))
    const there = other.socket('accept', 1, 0.1, served(40_000))
    for (let send = 0; send < 3; send++) here.data('sendAll', 2 + send, 0.1, 'x'.repeat(1_000_000))
    there.data('recv', 8, 0.1, 'x'.repeat(3_000_000))
    const ranges = ['[0:1000000]', '[1000000:2000000]', '[2000000:3000000]']
    const narrow = draw([one, other])
    for (const range of ranges) expect(narrow).toContain(` sendAll ${range} `)
    const wide = draw([one, other], 120)
    for (const range of ranges) expect(wide).toContain(` sendAll 1,000,000 bytes ${range} `)
  })

  test('drops ranges before the bytes, where these are few', () => {
    for (const width of [75, 80, 90]) {
      const drawn = draw([str.ann, str.bob, str.server], width)
      expect(drawn.match(/tryRecv (1 byte )?"[abu]"/g)).toHaveLength(3)
      expect(drawn.match(/recv "abu?"|recv \d bytes? "abu?"/g)?.length).toBeGreaterThan(1)
    }
  })

  test('says the end of data in two lanes of 80 columns', () => {
    const drawn = draw([echo.client, echo.server])
    expect(drawn.match(/recv 0 bytes: end of data/g)).toHaveLength(2)
    expect(draw([wps.client, wps.server])).toContain('readLine 0 bytes: end of data ◄──')
    expect(draw([wps.client, wps.server], 76)).toContain('readLine end of data ◄──')
    expect(drawn).toMatch(/ shutdown$/m)
  })

  test('keeps its lines straight, and to itself, whatever was sent', () => {
    const [one, other] = [new Sample('a\u001b[2J\u202e', 1), new Sample('b', 2)]
    const data = [
      '日本語の文字',
      '👩‍👩‍👧 é e\u0301',
      '\u001b[2J\r\n\t\u0000',
      '\u202eabc',
      'ab│►',
      Buffer.from([0xff, 0xe6]),
    ]
    const there = one.socket('connect', 1, 0.1, client(40_000))
    const here = other.socket('accept', 2, 0.1, served(40_000))
    data.forEach((text, index) => {
      there.data('sendAll', 3 + index, 0.1, text)
      here.data('recv', 3.5 + index, 0.1, text)
    })
    const drawn = draw([one, other], 100)
    expect(drawn).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
    const rows = drawn.split('\n').filter((line) => line.includes(' sendAll '))
    expect(rows).toHaveLength(data.length)
    const places = rows.map((line) => columnsOf(line.slice(0, line.indexOf('►├'))))
    expect(new Set(places).size).toBe(1)
  })
})

describe('text in columns', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['⚠️', 2],
    ['🇩🇪', 2],
    ['│►┃→…', 5],
  ])('%s takes %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns)
  })

  test('is cut to what fits, with a mark', () => {
    expect(cut('abcdef', 6)).toBe('abcdef')
    expect(cut('abcdef', 5)).toBe('abcd…')
    expect(cut('日本語', 4)).toBe('日…')
    expect(cut('abc', 1)).toBe('…')
    expect(cut('abc', 0)).toBe('')
  })

  test('is broken between words', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', '  three'])
  })
})
