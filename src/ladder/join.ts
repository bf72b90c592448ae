// Joins traces: their sockets become connections between lanes, their records calls on one clock.
import type { Address } from '../calls.ts'
import type { Trace, TraceCall } from '../trace/format.ts'
import { endsOf, keyOf, type TracedEnd } from './ends.ts'
import type { Call, Connection, End, Lane } from './ladder.ts'
import { leftOutOf, rejectCopies, tracesToDraw } from './left-out.ts'
import { endNoteOf } from './notes.ts'
import { type Pairs, pairEnds, pairRelayed } from './pairs.ts'

type ConnectionOf = ReadonlyMap<TracedEnd, Connection>

const US_PER_MS = 1000

/**
 * Joins two ends where addresses and bytes say that they are those of one connection. One trace
 * alone is joined with peers of which nothing is known.
 *
 * Throws TraceError when a trace shows none of the others' connections, or is there twice.
 */
export function joinTraces(traces: readonly Trace[]) {
  rejectCopies(traces)
  const ends = traces.flatMap(endsOf)
  const isAlone = traces.length === 1
  const found = pairEnds(ends)
  const drawn = isAlone ? traces : tracesToDraw(traces, ends, found)
  const lanes = new Map(drawn.map((trace) => [trace, laneOf(trace)]))

  const connectionOf = new Map<TracedEnd, Connection>()
  const connect = (one: TracedEnd, other?: TracedEnd) => {
    const endOf = ({ trace, local }: TracedEnd): End => {
      return { lane: lanes.get(trace) as Lane, address: local, calls: [] }
    }
    const [here, there] = [endOf(one), other === undefined ? unknownPeer(one.remote) : endOf(other)]
    const connection: Connection = { ends: one.hasConnected ? [here, there] : [there, here] }
    for (const end of [one, other]) if (end !== undefined) connectionOf.set(end, connection)
  }
  for (const [one, other] of inOrderOfTime(found.pairs)) connect(one, other)
  if (isAlone) for (const end of ends) connect(end)

  const connections = [...new Set(connectionOf.values())]
  const peers = connections.flatMap((connection) => connection.ends.map(({ lane }) => lane))
  return {
    lanes: [...new Set([...lanes.values(), ...peers])],
    connections,
    sessions: sessionsOf(connections, connectionOf),
    calls: callsOf(lanes, ends, connectionOf),
    leftOut: isAlone ? [] : leftOutOf(ends, found),
  }
}

/** By the clock of those that were connected to: mostly they are sockets of one server. */
function inOrderOfTime(pairs: Pairs['pairs']): Pairs['pairs'] {
  const timeOf = ([one, other]: Pairs['pairs'][number]) => {
    return one.hasConnected ? other.startedAt : one.startedAt
  }
  return [...pairs].sort((one, other) => timeOf(one) - timeOf(other))
}

function laneOf(trace: Trace): Lane {
  const { program, pid } = trace.header
  const isListening = ({ call, error }: TraceCall) => call === 'listen' && error === undefined
  const local = (trace.calls.find(isListening) ?? trace.calls.find(({ remote }) => remote))?.local
  const endNote = endNoteOf(trace)
  return { trace, program, detail: `pid ${pid}`, address: keyOf(local), endNote }
}

function unknownPeer(address: Address | undefined): End {
  const lane = { trace: undefined, program: 'the other end', detail: 'no trace', endNote: '' }
  return { lane: { ...lane, address: keyOf(address) }, address, calls: [] }
}

/** Returns all calls, without those of connections that are left out, and tells each end its own. */
function callsOf(
  lanes: ReadonlyMap<Trace, Lane>,
  ends: readonly TracedEnd[],
  connectionOf: ConnectionOf,
): Call[] {
  const endOfRecord = new Map<TraceCall, TracedEnd>()
  for (const end of ends) for (const record of end.records) endOfRecord.set(record, end)
  return [...lanes].flatMap(([trace, lane]) => {
    const beganUs = Date.parse(trace.header.startedAt) * US_PER_MS
    return trace.calls.flatMap((record) => {
      const end = endOfRecord.get(record)
      const connection = end && connectionOf.get(end)
      if (end !== undefined && connection === undefined) return []
      const returnedUs = beganUs + Math.round(record.at * US_PER_MS)
      const startedUs = returnedUs - Math.round((record.blocked ?? 0) * US_PER_MS)
      const call: Call = { lane, record, startedUs, returnedUs, connection }
      connection?.ends.find((one) => one.lane === lane)?.calls.push(call)
      return [call]
    })
  })
}

/** The two connections of each client of a relay together, every other connection alone. */
function sessionsOf(connections: readonly Connection[], connectionOf: ConnectionOf) {
  const sessions = new Map(connections.map((connection) => [connection, [connection]]))
  for (const [client, server] of pairRelayed([...connectionOf.keys()])) {
    const [one, other] = [connectionOf.get(client), connectionOf.get(server)]
    if (one === undefined || other === undefined) continue
    const session = [...(sessions.get(one) ?? []), ...(sessions.get(other) ?? [])]
    for (const connection of session) sessions.set(connection, session)
  }
  return [...new Set(sessions.values())]
}
