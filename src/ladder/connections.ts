// Joins traces: which socket of one program is the other end of which socket of another.
import type { Address } from '../socket/address.ts'
import type { Trace, TraceCall } from '../trace/format.ts'
import type { Call, Connection, End, Lane } from './ladder.ts'
import { rejectStrangers, rejectTwins } from './mismatch.ts'
import { key, socketsOf, type TracedSocket } from './sockets.ts'

export interface Joined {
  readonly lanes: Lane[]
  readonly connections: Connection[]
  readonly calls: Call[]
  readonly leftOut: { trace: Trace; remotes: Address[] }[]
}

const US_PER_MS = 1000

/**
 * The connections of which two traces show one end each: the local address of each end is the
 * remote address of the other. One trace alone is joined with peers of which nothing is known.
 *
 * Throws TraceError when a trace shows none of the others' connections, or is there twice.
 */
export function joinTraces(traces: readonly Trace[]): Joined {
  rejectTwins(traces)
  const sockets = traces.flatMap(socketsOf)
  const pairs = pairSockets(sockets)
  const isAlone = traces.length === 1
  if (!isAlone) rejectStrangers(traces, sockets, pairs)

  const lanes = new Map(traces.map((trace) => [trace, laneOf(trace, sockets)]))
  const peers: Lane[] = []
  const connections: Connection[] = []
  const connectionOf = new Map<TraceCall, Connection>()
  const leftOut = new Map<Trace, Address[]>()
  const endOf = ({ trace, local }: TracedSocket): End => {
    return { lane: lanes.get(trace) as Lane, address: local, calls: [] }
  }
  const unpaired = sockets.filter((socket) => !pairs.some((pair) => pair.includes(socket)))
  for (const socket of unpaired) {
    if (isAlone) continue
    leftOut.set(socket.trace, [...(leftOut.get(socket.trace) ?? []), socket.remote])
  }
  for (const pair of isAlone ? unpaired.map((socket) => [socket]) : pairs) {
    const [one, other] = pair as [TracedSocket, TracedSocket | undefined]
    const peer = other === undefined ? unknownPeer(one.remote) : endOf(other)
    if (other === undefined) peers.push(peer.lane)
    const hasConnected = one.records.some(({ call }) => call === 'connect')
    const connection: Connection = { ends: hasConnected ? [endOf(one), peer] : [peer, endOf(one)] }
    connections.push(connection)
    for (const record of [...one.records, ...(other?.records ?? [])]) {
      connectionOf.set(record, connection)
    }
  }

  const isLeftOut = new Set(isAlone ? [] : unpaired.flatMap(({ records }) => records))
  const calls = traces.flatMap((trace) =>
    callsOf(trace, lanes.get(trace) as Lane, connectionOf).filter(
      ({ record }) => !isLeftOut.has(record),
    ),
  )
  for (const call of calls) {
    call.connection?.ends.find(({ lane }) => lane === call.lane)?.calls.push(call)
  }
  return {
    lanes: [...lanes.values(), ...peers],
    connections,
    calls,
    leftOut: [...leftOut].map(([trace, remotes]) => ({ trace, remotes })),
  }
}

/** Pairs in order: addresses may be used again for a later connection. */
function pairSockets(sockets: readonly TracedSocket[]): [TracedSocket, TracedSocket][] {
  const waiting = new Map<string, TracedSocket[]>()
  const pairs: [TracedSocket, TracedSocket][] = []
  for (const socket of sockets) {
    const [here, there] = [key(socket.local), key(socket.remote)]
    const candidates = waiting.get(`${there} ${here}`) ?? []
    const index = candidates.findIndex((candidate) => candidate.trace !== socket.trace)
    const [other] = index < 0 ? [] : candidates.splice(index, 1)
    if (other !== undefined) pairs.push([other, socket])
    else {
      const same = waiting.get(`${here} ${there}`) ?? []
      waiting.set(`${here} ${there}`, [...same, socket])
    }
  }
  return pairs
}

function laneOf(trace: Trace, sockets: readonly TracedSocket[]): Lane {
  const { program, pid } = trace.header
  const listening = trace.calls.find(({ call, error }) => call === 'listen' && error === undefined)
  const local = listening?.local ?? sockets.find((socket) => socket.trace === trace)?.local
  const address = local === undefined ? '' : key(local)
  return { trace, program, detail: `pid ${pid}`, address }
}

function unknownPeer(address: Address): End {
  const lane = { trace: undefined, program: 'the other end', detail: 'no trace' }
  return { lane: { ...lane, address: key(address) }, address, calls: [] }
}

function callsOf(trace: Trace, lane: Lane, connectionOf: Map<TraceCall, Connection>): Call[] {
  const startedUs = Date.parse(trace.header.startedAt) * US_PER_MS
  return trace.calls.map((record) => {
    const returnedUs = startedUs + Math.round(record.at * US_PER_MS)
    return {
      lane,
      record,
      startedUs: returnedUs - Math.round((record.blocked ?? 0) * US_PER_MS),
      returnedUs,
      connection: connectionOf.get(record),
    }
  })
}
