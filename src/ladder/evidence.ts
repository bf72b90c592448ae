// What the bytes say of two ends: whether they can be those of one connection, and how well they fit.
import type { TraceCall } from '../trace/format.ts'
import { keyOf, type Stream, type TracedEnd } from './ends.ts'

const HEX_DIGITS_PER_BYTE = 2

/**
 * Every byte that was sent was received; some were not; or the end of data was found before them,
 * as where a connection broke.
 */
export const RANKS = { all: 1, some: 2, broken: 3 }

/** How well two ends fit; a smaller rank is better. */
export interface Fit {
  /** One of RANKS. */
  readonly rank: number
  /** How many bytes both ends know; they are the same. */
  readonly sameBytes: number
}

/** Returns how well two ends fit, or undefined where their streams contradict each other. */
export function fitOf(one: TracedEnd, other: TracedEnd): Fit | undefined {
  return fitOfStreams([
    [one.sent, other.received],
    [other.sent, one.received],
  ])
}

/**
 * Returns how well the relay's end towards a client fits its end towards a server: what it receives
 * from the one it sends to the other.
 */
export function relayedFitOf(client: TracedEnd, server: TracedEnd): Fit | undefined {
  return fitOfStreams([
    [client.received, server.sent],
    [server.received, client.sent],
  ])
}

function fitOfStreams(directions: readonly [source: Stream, copy: Stream][]): Fit | undefined {
  let rank = RANKS.all
  let sameBytes = 0
  for (const [source, copy] of directions) {
    const same = sameBytesOf(source.calls, copy.calls)
    if (same === undefined) return undefined
    sameBytes += same
    if (source.bytes === copy.bytes) continue
    if (source.isWhole && copy.bytes > source.bytes) return undefined
    const endsTooSoon = copy.hasEnded && copy.bytes < source.bytes
    rank = Math.max(rank, endsTooSoon ? RANKS.broken : RANKS.some)
  }
  return { rank, sameBytes }
}

/** Returns how many bytes both streams show and share; undefined where one of them differs. */
function sameBytesOf(source: readonly TraceCall[], copy: readonly TraceCall[]): number | undefined {
  let same = 0
  for (let left = 0, right = 0; left < source.length && right < copy.length; ) {
    const [one, other] = [source[left] as TraceCall, copy[right] as TraceCall]
    const begin = Math.max(beginOf(one), beginOf(other))
    const end = Math.min(knownEndOf(one), knownEndOf(other))
    if (begin < end && headOf(one, begin, end) !== headOf(other, begin, end)) return undefined
    same += Math.max(0, end - begin)
    if (endOf(one) <= endOf(other)) left++
    else right++
  }
  return same
}

function beginOf({ offset = 0 }: TraceCall): number {
  return offset
}

function endOf({ offset = 0, bytes = 0 }: TraceCall): number {
  return offset + bytes
}

function knownEndOf({ offset = 0, head = '' }: TraceCall): number {
  return offset + head.length / HEX_DIGITS_PER_BYTE
}

function headOf({ offset = 0, head = '' }: TraceCall, begin: number, end: number): string {
  const digits = [begin, end].map((byte) => (byte - offset) * HEX_DIGITS_PER_BYTE)
  return head.slice(...digits).toLowerCase()
}

/** Returns the first bytes of a stream, as far as they are known without a gap, as hex. */
export function prefixOf({ calls }: Stream, maxBytes: number): string {
  let prefix = ''
  for (const { head = '', bytes = 0 } of calls) {
    prefix += head.toLowerCase()
    const hasGap = head.length < bytes * HEX_DIGITS_PER_BYTE
    if (hasGap || prefix.length >= maxBytes * HEX_DIGITS_PER_BYTE) break
  }
  return prefix.slice(0, maxBytes * HEX_DIGITS_PER_BYTE)
}

/** Clocks of one machine agree, but a connection that is passed on may come a little later. */
const SLACK_MS = 2000
const LOOPBACK = /^(127\.|\[::1\])/

/**
 * Returns whether something between two ends (a network address translation, a port forward, a
 * relay) can be why their addresses differ.
 */
export function canBeTranslated(client: TracedEnd, server: TracedEnd): boolean {
  const hostOf = (end: string) => end.slice(0, end.lastIndexOf(':'))
  const [clientHere, clientThere] = [keyOf(client.local), keyOf(client.remote)]
  const [serverHere, serverThere] = [keyOf(server.local), keyOf(server.remote)]
  // Nothing stands between these hosts: it is another connection, of another port.
  if (clientThere === serverHere && hostOf(clientHere) === hostOf(serverThere)) return false
  const isOneMachine = LOOPBACK.test(clientHere) && LOOPBACK.test(serverHere)
  const isAtTheSameTime =
    client.startedAt <= server.lastUsedAt + SLACK_MS &&
    server.startedAt <= client.lastUsedAt + SLACK_MS
  return !isOneMachine || isAtTheSameTime
}
