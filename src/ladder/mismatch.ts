// Traces that make no diagram together, and what to say of them.
import { isDeepStrictEqual } from 'node:util'
import type { Trace } from '../trace/format.ts'
import { TraceError } from '../trace/parse-trace.ts'
import { key, type TracedSocket } from './sockets.ts'

/** Throws TraceError where two traces are the same: one file twice, or a copy of it. */
export function rejectTwins(traces: readonly Trace[]): void {
  for (const [index, trace] of traces.entries()) {
    const twin = traces.slice(0, index).find(({ header, calls }) => {
      return isDeepStrictEqual(header, trace.header) && isDeepStrictEqual(calls, trace.calls)
    })
    if (twin === undefined) continue
    const what =
      twin.name === trace.name
        ? `${trace.name} is given twice`
        : `${twin.name} and ${trace.name} are the same trace`
    throw new TraceError('ERR_TRACE_MISMATCH', `${what}: give each end's trace once`)
  }
}

/** How many connections of a file a message names. */
const NAMED_CONNECTIONS = 3

/** Throws TraceError where a trace shows no connection that another one shows, too. */
export function rejectStrangers(
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
