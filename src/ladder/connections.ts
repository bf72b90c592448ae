// Joins traces: which socket of one program is the other end of which socket of another.
import { type Address, formatAddress, plainHost } from '../socket/address.ts'
import { TraceError } from '../trace/parse-trace.ts'
import type { Trace, TraceCall } from '../trace/trace-format.ts'
import type { Call, Connection, End, Lane } from './ladder.ts'

/** A socket of one trace: its two addresses and its calls. */
interface TracedSocket {
  readonly trace: Trace
  readonly local: Address
  readonly remote: Address
  readonly records: TraceCall[]
}

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
 * Throws TraceError when a trace shows none of the others' connections.
 */
export function joinTraces(traces: readonly Trace[]): Joined {
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

/** The sockets of a trace that have both addresses, and so are an end of a connection. */
function socketsOf(trace: Trace): TracedSocket[] {
  const sockets = new Map<number, TracedSocket>()
  const listeners = new Set<number>()
  const accepts: TraceCall[] = []
  for (const record of trace.calls) {
    const { call, socket: number, local, remote } = record
    if (number === undefined) continue
    if (call === 'listen') listeners.add(number)
    if (call === 'accept') accepts.push(record)
    if (call === 'accept' || listeners.has(number)) continue
    const known = sockets.get(number)
    if (known !== undefined) known.records.push(record)
    else if (local !== undefined && remote !== undefined && record.error === undefined) {
      sockets.set(number, { trace, local, remote, records: [record] })
    }
  }
  // An accept belongs to the socket that it gave, whether it bears that one's number or the
  // listener's; one that nobody used has no other call.
  const given = new Set<TracedSocket>()
  for (const record of accepts) {
    const { socket: number = 0, local, remote } = record
    if (local === undefined || remote === undefined || record.error !== undefined) continue
    const candidates = listeners.has(number) ? [...sockets.values()] : [sockets.get(number)]
    const socket = candidates.find(
      (one) => one !== undefined && !given.has(one) && key(one.remote) === key(remote),
    )
    if (socket !== undefined) {
      socket.records.unshift(record)
      given.add(socket)
    } else {
      sockets.set(-sockets.size - 1, { trace, local, remote, records: [record] })
    }
  }
  return [...sockets.values()]
}

function key({ host, port }: Address): string {
  return formatAddress({ host: plainHost(host), port })
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

/** How many connections of a file a message names. */
const NAMED_CONNECTIONS = 3

function rejectStrangers(
  traces: readonly Trace[],
  sockets: readonly TracedSocket[],
  pairs: readonly [TracedSocket, TracedSocket][],
): void {
  const strangers = traces.filter((trace) => !pairs.flat().some((one) => one.trace === trace))
  if (strangers.length === 0) return
  const contents = traces.map((trace) => {
    const own = sockets.filter((socket) => socket.trace === trace)
    const named = own.slice(0, NAMED_CONNECTIONS).map(connectionName).join(', ')
    const more = own.length - NAMED_CONNECTIONS
    return `${trace.name} has ${own.length === 0 ? 'none' : named}${more > 0 ? ` and ${more} more` : ''}`
  })
  const who = strangers.map(({ name }) => name).join(', ')
  throw new TraceError(
    'ERR_TRACE_MISMATCH',
    `no other trace shows the other end of a connection of ${who}; connections: ${contents.join('; ')}`,
  )
}

function connectionName({ local, remote }: TracedSocket): string {
  return `${key(local)} to ${key(remote)}`
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
      startedUs: returnedUs - Math.round(record.blocked * US_PER_MS),
      returnedUs,
      connection: connectionOf.get(record),
    }
  })
}
