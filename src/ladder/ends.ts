// The ends of connections that a trace shows: their addresses, their calls, their bytes.
import type { Address } from '../calls.ts'
import { formatAddress } from '../socket/index.ts'
import { isReceiving, isSending, type Trace, type TraceCall } from '../trace/format.ts'
import { isEndOfData } from '../trace/words.ts'
import { groupBy } from './group.ts'

/** The bytes of one call: where they stand in the stream, and the first of them as hex. */
export interface Piece {
  readonly begin: number
  readonly end: number
  readonly head: string
}

/** One direction of a connection as one end has seen it. */
export interface Stream {
  readonly pieces: readonly Piece[]
  readonly bytes: number
  /** These are all bytes of the stream. */
  readonly isWhole: boolean
  /** The end of data was found behind these bytes. */
  readonly hasEnded: boolean
}

/** A socket of one trace that is an end of a connection. */
export interface TracedEnd {
  readonly trace: Trace
  readonly local: Address | undefined
  readonly remote: Address | undefined
  /** In the order of the trace. */
  readonly records: readonly TraceCall[]
  readonly hasConnected: boolean
  /** When the connection was there, and when it was last used, in milliseconds since 1970. */
  readonly startedAt: number
  readonly lastUsedAt: number
  readonly sent: Stream
  readonly received: Stream
}

/** Returns the sockets of a trace that are an end of a connection; listeners are none. */
export function endsOf(trace: Trace): TracedEnd[] {
  const sockets = groupBy(trace.calls, ({ socket }) => socket)
  sockets.delete(undefined)
  return [...sockets.values()].flatMap((records) => endOf(trace, records) ?? [])
}

/** Returns an address in one form, whichever way a trace writes it: IPv4 plain, and no zone. */
export function keyOf(address: Address | undefined): string {
  if (address === undefined) return ''
  const host = address.host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return formatAddress({ host, port: address.port })
}

/** The record shows both ends of a connection. */
function isThere({ local, remote, waiting, error }: TraceCall): boolean {
  return local !== undefined && remote !== undefined && !waiting && error === undefined
}

function endOf(trace: Trace, records: readonly TraceCall[]): TracedEnd | undefined {
  const first = records.find(isThere) ?? records.find(({ bytes = 0 }) => bytes > 0)
  const last = records.at(-1)
  if (first === undefined || last === undefined) return undefined
  const began = Date.parse(trace.header.startedAt)
  return {
    trace,
    local: first.local,
    remote: first.remote,
    records,
    hasConnected: records.some(({ call }) => call === 'connect'),
    startedAt: began + first.at,
    lastUsedAt: began + last.at,
    sent: streamOf(records, isSending, hasAllSends(trace, records)),
    received: streamOf(records, isReceiving, true),
  }
}

function streamOf(
  records: readonly TraceCall[],
  isOfStream: (call: string) => boolean,
  isWhole: boolean,
): Stream {
  const own = records.filter(({ call }) => isOfStream(call))
  const pieces = own.flatMap(({ bytes = 0, offset = 0, head = '' }): Piece[] => {
    return bytes === 0 ? [] : [{ begin: offset, end: offset + bytes, head: head.toLowerCase() }]
  })
  return { pieces, bytes: pieces.at(-1)?.end ?? 0, isWhole, hasEnded: own.some(isEndOfData) }
}

/**
 * A program that is killed may lose its last send, a send that failed may have sent a part, and
 * not every way of sending can be watched.
 */
function hasAllSends({ header, isCutShort }: Trace, records: readonly TraceCall[]): boolean {
  const isClosed = records.some(({ call }) => call === 'shutdown' || call === 'close')
  const isUnclear = records.some(({ call, bytes }) => isSending(call) && bytes === undefined)
  return isClosed && !isUnclear && !isCutShort && header.source !== 'watch'
}
