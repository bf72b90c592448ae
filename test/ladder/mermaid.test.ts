// The Mermaid diagram: its lines are those of its grammar, and no text can be taken for syntax.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildLadder } from '../../src/ladder/build.ts'
import { mermaidLadder } from '../../src/ladder/mermaid.ts'
import { longSession, randomSession } from './random-session.ts'
import {
  bulkEcho,
  client,
  echoSession,
  endedSession,
  SampleTrace,
  served,
  strSession,
} from './samples.ts'

const statement =
  /^ {4}(participant lane\d+ as ([^;\n]|#\d+;)+|lane\d+(->>|-->>)lane\d+: .+|Note over lane\d+(,lane\d+)?: .+|(de)?activate lane\d+)$/

function draw(...samples: SampleTrace[]): string[] {
  const text = mermaidLadder(buildLadder(samples.map(({ trace }) => trace)))
  expect(text.endsWith('\n')).toBe(true)
  const [fence, first, ...rest] = text.trimEnd().split('\n')
  expect([fence, first, rest.pop()]).toEqual(['```mermaid', 'sequenceDiagram', '```'])
  return rest
}

describe('the Mermaid diagram', () => {
  test('of an echo says all of it', () => {
    const { client: one, server } = echoSession()
    expect(draw(one, server).map((line) => line.trim())).toEqual([
      'participant lane1 as echo-client, pid 4242<br/>127.0.0.1:40312',
      'participant lane2 as echo-server, pid 4240<br/>127.0.0.1:2000',
      'Note over lane2: 0.021 listen 127.0.0.1:2000',
      'Note over lane2: 0.021 accept blocks 1.185 s',
      'activate lane2',
      'Note over lane1: 0.105 connect 127.0.0.1:2000',
      'Note over lane1: 0.106 sendAll 3 bytes [0:3] "abc"',
      'lane1-->>lane2: 1.206 accept 127.0.0.1:40312',
      'deactivate lane2',
      'Note over lane1: 0.107 recv blocks 2.002 s',
      'activate lane1',
      'lane1->>lane2: [0:3] 1.208 recv 3 bytes "abc"',
      'Note over lane2: 1.208 keyboard blocks 2.000 s',
      'activate lane2',
      'Note over lane2: 3.208 keyboard Enter',
      'deactivate lane2',
      'Note over lane2: 3.208 sendAll 6 bytes [0:6] "abcabc"',
      'Note over lane2: 3.209 shutdown',
      'lane2->>lane1: [0:6] 2.109 recv 6 bytes "abcabc"',
      'deactivate lane1',
      'Note over lane2: 3.209 recv blocks 2.9 ms',
      'activate lane2',
      'lane2-->>lane1: 2.110 recv 0 bytes: end of data',
      'Note over lane1: 2.111 close',
      'lane1-->>lane2: 3.212 recv 0 bytes: end of data',
      'deactivate lane2',
      'Note over lane2: 3.213 close',
      'Note over lane2: 3.214 close listener',
      'Note over lane1,lane2: 127.0.0.1:40312 → 127.0.0.1:2000: 3 bytes in 1 send and 1 receive' +
        '<br/>127.0.0.1:2000 → 127.0.0.1:40312: 6 bytes in 1 send and 1 receive',
    ])
  })

  test('tells an end that the program itself made from a failure', () => {
    const { client: one, server } = endedSession()
    const drawn = draw(one, server).join('\n')
    expect(drawn).toContain('0.380 recv given up')
    expect(drawn).toContain('0.900 recv given up')
    expect(drawn).not.toContain('failed')
  })

  test('says where a program was ended, or still runs', () => {
    const sample = new SampleTrace('echo-client', 7)
    sample.socket('connect', 1, 0.1, client(40_000))
    const note = 'Note over lane1: the trace ends here: the program was ended, or still runs'
    expect(draw(sample).map((line) => line.trim())).toContain(note)
  })

  test('has a bar to the end for a call that never returned', () => {
    const sample = new SampleTrace('echo-client', 7)
    sample.socket('connect', 1, 0.1, client(40_000)).waits('recv', 2)
    const drawn = draw(sample).map((line) => line.trim())
    expect(drawn.slice(-4)).toEqual([
      'Note over lane1: 0.002 recv … blocked',
      'activate lane1',
      'deactivate lane1',
      'Note over lane1: the trace ends here: blocked in recv',
    ])
  })

  test.each([
    ['a bulk echo', Object.values(bulkEcho())],
    ['three lanes', Object.values(strSession())],
    ['one side', [strSession().server]],
  ])('of %s has no line but statements of a sequence diagram', (_, samples) => {
    for (const line of draw(...samples)) expect(line).toMatch(statement)
  })

  test('ends each bar on a lane that it has begun, of random sessions, too', () => {
    fc.assert(
      fc.property(fc.oneof(randomSession, longSession), ({ server, clients }) => {
        const bars = new Map<string, number>()
        for (const line of draw(server, ...clients)) {
          const [, isEnd, lane = ''] = /^ {4}(de)?activate (lane\d+)$/.exec(line) ?? []
          const open = (bars.get(lane) ?? 0) + (isEnd === undefined ? 1 : -1)
          if (lane !== '') bars.set(lane, open)
          // Mermaid rejects the diagram otherwise
          if (lane !== '') expect(open).toBeGreaterThanOrEqual(0)
        }
        for (const open of bars.values()) expect(open).toBe(0)
      }),
      { numRuns: 20 },
    )
  })

  test('escapes what Mermaid and HTML would take for theirs', () => {
    const text = 'a;b#35;%%{init: x}%%<br/>&$$\n`~'
    const [one, other] = [new SampleTrace('a;<b>', 1), new SampleTrace('end', 2)]
    one.socket('connect', 1, 0.1, client(40_000)).data('sendAll', 2, 0.1, text)
    other.socket('accept', 1, 0.1, served(40_000)).data('recv', 3, 0.1, text)
    for (const line of draw(one, other)) {
      expect(line).toMatch(statement)
      const withoutOurs = line.replaceAll('<br/>', '').replace(/#\d+;/g, '').replace(/--?>>/, '')
      expect(withoutOurs).not.toMatch(/[;#%{}<>&$\\`~]/)
    }
  })
})
