// Which ends are joined: by addresses where these are enough, else by what the bytes say.
import { describe, expect, test } from 'vitest'
import type { Address } from '../../src/index.ts'
import { arrowsOf } from '../../src/ladder/arrows.ts'
import { buildLadder } from '../../src/ladder/build.ts'
import type { Connection } from '../../src/ladder/ladder.ts'
import { textLadder } from '../../src/ladder/text.ts'
import {
  bulkEcho,
  client,
  echoSession,
  SampleTrace,
  served,
  serverAddress,
  strSession,
  wpsSession,
} from './samples.ts'

let pids = 100
const newTrace = (name: string, options: { startedMs?: number; source?: string } = {}) => {
  return new SampleTrace(name, ++pids, { name: `${name}.ndjson`, ...options })
}

/** A client that sends a text, reads the answer, and closes. */
function ask(trace: SampleTrace, at: number, ends: Ends, text: string, answer = ''): void {
  const there = trace.socket('connect', at, 0.5, ends)
  there.data('sendAll', at + 1, 0.1, text)
  if (answer !== '') there.data('recv', at + 5, 3, answer)
  there.add('close', at + 6, 0.1)
}

/** A server that takes the text and answers. */
function answer(trace: SampleTrace, at: number, ends: Ends, text: string, reply = ''): void {
  const here = trace.socket('accept', at, 0.5, ends)
  here.data('recv', at + 2, 0.1, text)
  if (reply !== '') here.data('sendAll', at + 3, 0.1, reply)
  here.add('close', at + 4, 0.1)
}

interface Ends {
  local: Address
  remote: Address
}

/** What each connection's ends sent and received first: `alpha > alpha`. */
function joined(...samples: SampleTrace[]): string[] {
  const { connections } = buildLadder(samples.map(({ trace }) => trace))
  return connections.map(textOf).sort()
}

function textOf({ ends }: Connection): string {
  const texts = ends.map(({ lane, calls }) => {
    const head = calls.find(({ record }) => record.head !== undefined)?.record.head ?? ''
    return `${lane.program} ${Buffer.from(head, 'hex')}`
  })
  return texts.join(' > ')
}

const errorOf = (...samples: SampleTrace[]) => {
  try {
    buildLadder(samples.map(({ trace }) => trace))
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('they were joined')
}

describe('by addresses', () => {
  test.each([
    ['echo', Object.values(echoSession()), 1],
    ['bulk echo', Object.values(bulkEcho()), 1],
    ['str', Object.values(strSession()), 2],
    ['wps, whose server listens on all interfaces', Object.values(wpsSession()), 1],
  ])('%s: each connection once, in any order of the files', (_, samples, count) => {
    expect(joined(...samples)).toHaveLength(count)
    expect(joined(...[...samples].reverse())).toEqual(joined(...samples))
  })

  test.each([
    ['an IPv4 client of a dual-stack server', '127.0.0.1', '::ffff:127.0.0.1'],
    ['a link-local address with the zone of each machine', 'fe80::1%eth0', 'fe80::1%eth1'],
  ])('%s is the same at both ends', (_, here, there) => {
    const [one, other] = [newTrace('a'), newTrace('b')]
    ask(one, 1, { local: { host: here, port: 40_000 }, remote: serverAddress }, 'x')
    answer(other, 1, { local: serverAddress, remote: { host: there, port: 40_000 } }, 'x')
    expect(joined(one, other)).toEqual(['a x > b x'])
  })

  test('bytes that came and that a killed program could not note come from the lane itself', () => {
    const [one, other] = [newTrace('a'), newTrace('b')]
    one.socket('connect', 1, 0.1, client(40_000)).data('sendAll', 2, 0.1, 'abc')
    other.socket('accept', 1, 0.1, served(40_000)).data('recv', 3, 0.1, 'abcdef')
    const { connections } = buildLadder([one.trace, other.trace])
    const arrows = connections.flatMap(arrowsOf).filter(({ kind }) => kind === 'data')
    expect(arrows.map(({ begin, end, cause }) => [begin, end, cause?.record.call])).toEqual([
      [0, 3, 'sendAll'],
      [3, 6, undefined],
    ])
  })
})

describe('ports that are used again', () => {
  const clients = () => {
    const [alpha, bravo] = [newTrace('alpha'), newTrace('bravo', { startedMs: 60_000 })]
    ask(alpha, 10, client(40_000), 'alpha')
    ask(bravo, 10, client(40_000), 'bravo')
    return [alpha, bravo] as const
  }

  test('are joined by their bytes, in whatever order files and calls come', () => {
    for (const texts of [
      ['alpha', 'bravo'],
      ['bravo', 'alpha'],
    ]) {
      const server = newTrace('server')
      for (const text of texts) answer(server, text === texts[0] ? 20 : 30, served(40_000), text)
      const [alpha, bravo] = clients()
      const expected = ['alpha alpha > server alpha', 'bravo bravo > server bravo']
      expect(joined(alpha, bravo, server)).toEqual(expected)
      expect(joined(server, bravo, alpha)).toEqual(expected)
    }
  })

  test('are never joined where the bytes contradict each other', () => {
    const server = newTrace('server')
    answer(server, 10, served(40_000), 'alpha')
    const [, bravo] = clients()
    expect(errorOf(bravo, server)).toMatch(
      /^the addresses fit, but the bytes contradict each other;/,
    )
  })

  test('are never joined where more was received than ever sent', () => {
    const [one, server] = [newTrace('one'), newTrace('server')]
    ask(one, 10, client(40_000), 'alpha')
    answer(server, 10, served(40_000), 'alphabet')
    expect(errorOf(one, server)).toContain('contradict')
  })

  test('are joined by the count of bytes where one stream begins like the other', () => {
    const [one, two, server] = [newTrace('one'), newTrace('two'), newTrace('server')]
    ask(one, 500, client(40_000), 'alpha')
    ask(two, 10, client(40_000), 'alphabet')
    answer(server, 10, served(40_000), 'alpha')
    answer(server, 500, served(40_000), 'alphabet')
    expect(joined(one, two, server)).toEqual([
      'one alpha > server alpha',
      'two alphabet > server alphabet',
    ])
  })

  test('are joined in their order where the bytes are the same, by clocks that differ', () => {
    const [one, two] = [newTrace('one'), newTrace('two', { startedMs: 70_000 })]
    const server = newTrace('server', { startedMs: 60_000 })
    ask(one, 10, client(40_000), 'same')
    ask(two, 10, client(40_000), 'same')
    for (const at of [10, 70_010]) answer(server, at, served(40_000), 'same')
    const { connections } = buildLadder([two.trace, server.trace, one.trace])
    const starts = connections.map(({ ends: [one_, other] }) => {
      return [one_.lane.program, other.calls[0]?.record.at]
    })
    expect(starts.sort()).toEqual([
      ['one', 10],
      ['two', 70_010],
    ])
  })

  test('are joined with the one nearest in time, and left out where none is nearest', () => {
    const near = (ats: number[]) => {
      const [one, server] = [newTrace('one'), newTrace('server')]
      ask(one, 100, client(40_000), 'same')
      for (const at of ats) answer(server, at, served(40_000), 'same')
      return [one, server] as const
    }
    const traces = near([101, 9000]).map(({ trace }) => trace)
    const { connections, leftOut } = buildLadder(traces)
    expect(connections[0]?.ends[1].calls[0]?.record.at).toBe(101)
    expect(leftOut).toMatchObject([{ isUndecided: false, remotes: [served(40_000).remote] }])
    expect(errorOf(...near([5000, 5001]))).toMatch(/^one.ndjson, server.ndjson can't be told apart/)
  })
})

describe('addresses that something between the ends translates', () => {
  const inside = { host: '192.168.1.7', port: 51_000 }
  const outside = { host: '203.0.113.9', port: 1025 }
  const published = { host: '198.51.100.1', port: 80 }
  const real = { host: '10.0.0.5', port: 8080 }

  test('are joined by the bytes', () => {
    const [one, server] = [newTrace('one'), newTrace('server', { startedMs: 10_000_000 })]
    ask(one, 10, { local: inside, remote: published }, 'hello', 'world')
    answer(server, 10, { local: real, remote: outside }, 'hello', 'world')
    expect(joined(one, server)).toEqual(['one hello > server hello'])
  })

  test('are joined each with its own, whatever the pieces that the bytes came in', () => {
    const server = newTrace('server')
    const clients = ['hello', 'help', 'hold'].map((text, index) => {
      const trace = newTrace(text)
      ask(trace, 10, { local: { ...inside, port: 51_000 + index }, remote: published }, text)
      return trace
    })
    for (const text of ['hold', 'hello', 'help']) {
      const here = server.socket('accept', 12, 0.1, { local: real, remote: outside })
      for (const letter of text) here.data('tryRecv', 14, 0.1, letter)
      here.data('recv', 15, 0.1)
    }
    expect(joined(server, ...clients)).toEqual([
      'hello hello > server h',
      'help help > server h',
      'hold hold > server h',
    ])
  })

  test('are not joined with another connection to the same server from the same host', () => {
    const [one, server] = [newTrace('one'), newTrace('server')]
    ask(one, 10, client(40_000), 'abc')
    answer(server, 10, served(40_001), 'abc')
    expect(errorOf(one, server)).toMatch(/^no other trace shows the other end/)
  })

  test('on one machine are not joined with a connection of another time', () => {
    const [one, server] = [newTrace('one'), newTrace('server', { startedMs: 600_000 })]
    const ends = served(40_001)
    ask(one, 10, client(40_000), 'abc')
    answer(server, 10, { ...ends, local: { ...ends.local, port: 2001 } }, 'abc')
    expect(errorOf(one, server)).toMatch(/^no other trace shows the other end/)
  })

  test('are not joined where one end found the end of data before all that the other sent', () => {
    const [one, server] = [newTrace('one'), newTrace('server')]
    const there = one.socket('connect', 10, 0.5, { local: inside, remote: published })
    there.data('sendAll', 11, 0.1, 'hello, and more')
    const here = server.socket('accept', 10, 0.5, { local: real, remote: outside })
    here.data('recv', 12, 0.1, 'hello')
    here.data('recv', 13, 0.1)
    expect(errorOf(one, server)).toMatch(/^no other trace shows the other end/)
  })

  test('are not joined by nothing', () => {
    const [one, server] = [newTrace('one'), newTrace('server')]
    one.socket('connect', 1, 0.1, { local: inside, remote: published }).add('close', 2, 0.1)
    server.socket('accept', 1, 0.1, { local: real, remote: outside }).add('close', 2, 0.1)
    expect(errorOf(one, server)).toMatch(/^no other trace shows the other end/)
  })

  test('of clients that say the same at the same time are left out, and the others are drawn', () => {
    const server = newTrace('server')
    const clients = ['same', 'same', 'other'].map((text, index) => {
      const trace = newTrace(`client${index}`)
      ask(trace, 10, { local: { ...inside, port: 51_000 + index }, remote: published }, text)
      answer(server, 11, { local: real, remote: { ...outside, port: 1025 + index } }, text)
      return trace
    })
    const { lanes, leftOut } = buildLadder([server, ...clients].map(({ trace }) => trace))
    expect(lanes.map(({ program }) => program)).toEqual(['client2', 'server'])
    expect(leftOut.map(({ isUndecided }) => isUndecided)).toEqual([true, true, true])
  })
})

describe('a relay', () => {
  const relayAddress = { host: '127.0.0.1', port: 1999 }

  /** Two clients at once, of which the second one's connection to the server is there first. */
  function relayed(texts: readonly string[]) {
    const [relay, server] = [newTrace('relay', { source: 'relay' }), newTrace('server')]
    const clients = texts.map((text, index) => {
      const trace = newTrace(`client${index}`)
      const local = { host: '127.0.0.1', port: 40_000 + index }
      ask(trace, 10 + index, { local, remote: relayAddress }, text, `re: ${text}`)
      const there = relay.socket('accept', 11 + index, 0.1, { local: relayAddress, remote: local })
      const port = 50_000 + index
      const here = relay.socket('connect', 19 - 2 * index, 0.1, client(port))
      answer(server, 20 - 2 * index, served(port), text, `re: ${text}`)
      there.data('recv', 25, 0.1, text)
      here.data('sendAll', 26, 0.1, text)
      here.data('recv', 28, 0.1, `re: ${text}`)
      there.data('sendAll', 29, 0.1, `re: ${text}`)
      return trace
    })
    return { clients, traces: [...clients, relay, server].map(({ trace }) => trace) }
  }

  test('stands between its client and the server', () => {
    const { traces } = relayed(['abc'])
    const { lanes, connections } = buildLadder(traces)
    expect(lanes.map(({ program }) => program)).toEqual(['client0', 'relay', 'server'])
    expect(connections.map(textOf).sort()).toEqual([
      'client0 abc > relay abc',
      'relay abc > server abc',
    ])
    expect(textLadder(buildLadder(traces), { width: 80 })).not.toContain('Connection 1')
  })

  test('of several clients is drawn for each of them from end to end', () => {
    const { traces } = relayed(['abc', 'xyz'])
    const drawn = textLadder(buildLadder(traces), { width: 80 })
    const [, first = '', second = ''] = drawn.split(/Connection \d of 2/)
    for (const [part, text, other] of [
      [first, '"abc"', '"xyz"'],
      [second, '"xyz"', '"abc"'],
    ] as const) {
      expect(part).toMatch(/client\d, pid.* relay, pid.* server, pid/)
      expect(part.split(text).length).toBeGreaterThan(4)
      expect(part).not.toContain(other)
    }
  })
})

test('ten times as many clients cost ten times as much, not a hundred times', () => {
  const cost = (count: number) => {
    const server = newTrace('server')
    const clients = Array.from({ length: count }, (_, index) => {
      const one = newTrace(`client${index}`)
      ask(one, 10 * index, client(3000 + index), `text ${index}`, 'answer')
      answer(server, 10 * index + 1, served(3000 + index), `text ${index}`, 'answer')
      return one.trace
    })
    const before = process.cpuUsage()
    const ladder = buildLadder([...clients, server.trace])
    expect(ladder.connections).toHaveLength(count)
    expect(textLadder(ladder, { width: 80 })).toContain(`Connection ${count} of ${count}`)
    return process.cpuUsage(before).user
  }
  // The first run is slower, for nothing is compiled yet.
  cost(80)
  expect(cost(800)).toBeLessThan(30 * cost(80))
})
