// The byte accounting and the order of rows, against streams that are known to the byte.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountsOf, arrowsOf, isReceiptOfBytes, rangeOf } from '../../src/ladder/arrows.ts'
import { buildLadder, chooseRows } from '../../src/ladder/build.ts'
import { columnsOf } from '../../src/ladder/columns.ts'
import type { Call, Row } from '../../src/ladder/ladder.ts'
import { textLadder } from '../../src/ladder/text.ts'
import {
  headBytes,
  longSession,
  randomSession,
  type Session,
  type Stream,
} from './random-session.ts'
import { client, SampleTrace, served } from './samples.ts'

function tracesOf({ server, clients }: Session) {
  return [...clients, server].map(({ trace }) => trace)
}

/** The true stream that a call has bytes of. */
function streamOf(session: Session, call: Call): Stream {
  const isServer = call.lane.program === 'server'
  const port = (isServer ? call.record.remote : call.record.local)?.port ?? 0
  const streams = session.streams.get(port)
  const isToServer = isServer === (call.record.call !== 'sendAll')
  return (isToServer ? streams?.toServer : streams?.toClient) as Stream
}

describe('the arrows of random sessions', () => {
  test('bring each received byte from the send that held it, once', () => {
    fc.assert(
      fc.property(randomSession, (session) => {
        for (const connection of buildLadder(tracesOf(session)).connections) {
          const arrows = arrowsOf(connection).filter(({ kind }) => kind === 'data')
          for (const end of connection.ends) {
            for (const call of end.calls.filter(isReceiptOfBytes)) {
              const [begin, until] = rangeOf(call)
              const own = arrows.filter(({ effect }) => effect === call)
              // without a gap, and without a byte twice
              expect([begin, ...own.map((arrow) => arrow.end)]).toEqual([
                ...own.map((arrow) => arrow.begin),
                until,
              ])
              for (const arrow of own) {
                const [sentFrom, sentTo] = rangeOf(arrow.cause as Call)
                expect(arrow.end).toBeGreaterThan(arrow.begin)
                expect(arrow.begin).toBeGreaterThanOrEqual(sentFrom)
                expect(arrow.end).toBeLessThanOrEqual(sentTo)
                const peer = connection.ends.find(({ lane }) => lane !== end.lane)
                expect(arrow.cause?.lane).toBe(peer?.lane)
              }
            }
          }
        }
      }),
    )
  })

  test('are of the bytes that were really sent and received', () => {
    fc.assert(
      fc.property(randomSession, (session) => {
        for (const connection of buildLadder(tracesOf(session)).connections) {
          for (const { kind, cause, effect } of arrowsOf(connection)) {
            if (kind !== 'data') continue
            for (const call of [cause, effect] as Call[]) {
              const head = headBytes(call.record)
              const [begin] = rangeOf(call)
              const { sent } = streamOf(session, call)
              expect(head.equals(sent.subarray(begin, begin + head.length))).toBe(true)
            }
          }
          for (const account of accountsOf(connection)) {
            const [call] = [...account.from.calls].filter(({ record }) => record.call === 'sendAll')
            if (call === undefined) continue
            expect(account.sentBytes).toBe(streamOf(session, call).sent.length)
            expect(account.receivedBytes).toBe(streamOf(session, call).received)
          }
        }
      }),
    )
  })
})

/** The index of the first row of each call, and of its last. */
function placesOf(rows: readonly Row[]): Map<Call, { first: number; last: number }> {
  const places = new Map<Call, { first: number; last: number }>()
  for (const [index, { call }] of rows.entries()) {
    places.set(call, { first: places.get(call)?.first ?? index, last: index })
  }
  return places
}

describe('the rows of random sessions, whatever the clocks say', () => {
  test('have no receive above the start of a send that fed it', () => {
    fc.assert(
      fc.property(randomSession, (session) => {
        const { rows, connections } = buildLadder(tracesOf(session))
        const places = placesOf(rows)
        for (const { cause, effect } of connections.flatMap(arrowsOf)) {
          const [above, below] = [places.get(cause as Call), places.get(effect as Call)]
          expect(above?.first).toBeLessThan(below?.last ?? -1)
        }
      }),
    )
  })

  test('keep the order of each lane, and leave no call out', () => {
    fc.assert(
      fc.property(randomSession, (session) => {
        const traces = tracesOf(session)
        const { rows, lanes } = buildLadder(traces)
        for (const lane of lanes) {
          const own = rows.filter(({ call, kind }) => call.lane === lane && kind !== 'start')
          expect(own.map(({ call }) => call.record)).toEqual(lane.trace?.calls)
        }
      }),
    )
  })

  test('sum up to all calls and all bytes where there are many', () => {
    let sums = 0
    fc.assert(
      fc.property(longSession, (session) => {
        const traces = tracesOf(session)
        const { rows } = chooseRows(buildLadder(traces))
        const shown = new Set(rows.filter(({ kind }) => kind !== 'sum').map(({ call }) => call))
        let count = shown.size
        let bytes = [...shown].reduce((sum, { record }) => sum + (record.bytes ?? 0), 0)
        for (const row of rows) {
          if (row.kind !== 'sum') continue
          sums++
          count += row.calls.length
          bytes += row.bytes
        }
        const calls = traces.flatMap((trace) => trace.calls)
        expect(count).toBe(calls.length)
        expect(bytes).toBe(calls.reduce((sum, call) => sum + (call.bytes ?? 0), 0))
      }),
      { numRuns: 25 },
    )
    expect(sums).toBeGreaterThan(0)
  })

  test('are few, however the calls of many are mixed with others', () => {
    const [one, other] = [new SampleTrace('a', 1), new SampleTrace('b', 2)]
    const here = one.socket('connect', 1, 0.1, client(40_000))
    const there = other.socket('accept', 2, 0.1, served(40_000))
    // ten sends, and after each of them a hundred receives
    for (let send = 0; send < 10; send++) {
      const at = 1000 * (send + 1)
      here.data('sendAll', at, 0.1, 'x'.repeat(100))
      for (let byte = 1; byte <= 100; byte++) there.data('recv', at + 5 * byte, 2, 'x')
    }
    const { rows } = chooseRows(buildLadder([one.trace, other.trace]))
    const receives = rows.filter(({ call, kind }) => call.record.call === 'recv' && kind !== 'sum')
    expect(receives).toHaveLength(2 * (6 + 4))
    const sums = rows.flatMap((row) => (row.kind === 'sum' ? row.calls.length : []))
    expect(sums).toEqual([94, 100, 100, 100, 100, 100, 100, 100, 100, 96])
  })

  test('of a sum have an arrow from each send that fed it, and of a send in a sum from the sum', () => {
    const [one, other] = [new SampleTrace('a', 1), new SampleTrace('b', 2)]
    const here = one.socket('connect', 1, 0.1, client(40_000))
    const there = other.socket('accept', 2, 0.1, served(40_000))
    for (let send = 0; send < 30; send++) here.data('sendAll', 10 + send, 0.1, 'xxx')
    for (let byte = 0; byte < 90; byte++) there.data('recv', 100 + byte, 0.1, 'x')
    const { rows } = chooseRows(buildLadder([one.trace, other.trace]))
    const sums = rows.filter(({ kind }) => kind === 'sum')
    expect(sums.map(({ call }) => call.record.call)).toEqual(['sendAll', 'recv'])
    const arrows = sums.at(1)?.arrows.map(({ begin, end }) => [begin, end])
    // the bytes of the third to the sixth send, of the sum of sends, and of the last sends but one
    expect(arrows).toEqual([
      [6, 9],
      [9, 12],
      [12, 15],
      [15, 18],
      [18, 78],
      [78, 81],
      [81, 84],
      [84, 86],
    ])
  })

  test('have arrows over all received bytes, once, also where they are summed up', () => {
    fc.assert(
      fc.property(longSession, (session) => {
        const { rows, connections } = chooseRows(buildLadder(tracesOf(session)))
        const arrows = rows.flatMap((row) => row.arrows).filter(({ kind }) => kind === 'data')
        for (const account of connections.flatMap(accountsOf)) {
          // two clients' arrows to the server differ in the lane that they come from
          const own = arrows.filter(({ from, to }) => {
            return from === account.from.lane && to === account.to.lane
          })
          own.sort((one, other) => one.begin - other.begin)
          const ends = own.map(({ end }) => end)
          expect(own.map(({ begin }) => begin)).toEqual([0, ...ends].slice(0, own.length))
          expect(ends.at(-1) ?? 0).toBe(account.receivedBytes)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('fit the width in the terminal', () => {
    fc.assert(
      fc.property(
        randomSession,
        fc.integer({ min: 60, max: 150 }),
        fc.boolean(),
        (session, width, all) => {
          for (const line of textLadder(buildLadder(tracesOf(session)), { width, all }).split(
            '\n',
          )) {
            expect(columnsOf(line)).toBeLessThanOrEqual(width)
          }
        },
      ),
      { numRuns: 50 },
    )
  })
})
