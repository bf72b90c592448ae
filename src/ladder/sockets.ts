// The sockets of a trace: their addresses, their calls, and whether one was open at the end.
import { type Address, formatAddress, plainHost } from '../socket/address.ts'
import type { Trace, TraceCall } from '../trace/format.ts'

/** A socket of one trace: its two addresses and its calls. */
export interface TracedSocket {
  readonly trace: Trace
  readonly local: Address
  readonly remote: Address
  readonly records: TraceCall[]
}

/** The sockets of a trace that have both addresses, and so are an end of a connection. */
export function socketsOf(trace: Trace): TracedSocket[] {
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

/** An address in one form, whichever way a trace writes it. */
export function key({ host, port }: Address): string {
  return formatAddress({ host: plainHost(host), port })
}

/**
 * Whether the trace stops with a socket or a listener open: its program was ended before it was
 * done, or it still ran when the trace was read.
 */
export function isOpenAtEnd({ calls }: Trace): boolean {
  const open = new Set<number>()
  for (const { call, socket, error } of calls) {
    if (socket === undefined) continue
    if (call === 'close') open.delete(socket)
    else if (isOpening(call) && error === undefined) open.add(socket)
  }
  return open.size > 0
}

function isOpening(call: string): boolean {
  return call === 'listen' || call === 'accept' || call === 'connect'
}
