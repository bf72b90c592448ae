// What the bytes say of two ends: whether they can be those of one connection, and how well they fit.
import { keyOf, type Stream, type TracedEnd } from './ends.ts'

/**
 * Every byte that was sent was received; some were not; or the end of data was found before them,
 * as where a connection broke.
 */
export const RANKS = { all: 1, some: 2, broken: 3 }

/** How well two ends fit. */
export interface Fit {
  /** One of RANKS. */
  readonly rank: number
  /** How many bytes both ends know; they are the same. */
  readonly sameBytes: number
}

const HEX_DIGITS = 2

/** Returns how well two ends fit, or undefined where their streams contradict each other. */
export function fitOf(one: TracedEnd, other: TracedEnd): Fit | undefined {
  return fitOfStreams([one.sent, other.received], [other.sent, one.received])
}

/** Returns the same of a relay's ends: what one receives, the other sends. */
export function relayedFitOf(one: TracedEnd, other: TracedEnd): Fit | undefined {
  return fitOfStreams([one.received, other.sent], [other.received, one.sent])
}

function fitOfStreams(...directions: [source: Stream, copy: Stream][]): Fit | undefined {
  let [rank, sameBytes] = [RANKS.all, 0]
  for (const [source, copy] of directions) {
    const same = sameBytesOf(source, copy)
    if (same === undefined || (source.isWhole && copy.bytes > source.bytes)) return undefined
    sameBytes += same
    if (source.bytes === copy.bytes) continue
    const endsTooSoon = copy.hasEnded && copy.bytes < source.bytes
    rank = Math.max(rank, endsTooSoon ? RANKS.broken : RANKS.some)
  }
  return { rank, sameBytes }
}

/** Returns how many bytes both streams show and share; undefined where one of them differs. */
function sameBytesOf({ pieces: sources }: Stream, { pieces: copies }: Stream): number | undefined {
  let [same, left, right] = [0, 0, 0]
  for (;;) {
    const [one, other] = [sources[left], copies[right]]
    if (one === undefined || other === undefined) return same
    const begin = Math.max(one.begin, other.begin)
    const end = Math.min(
      ...[one, other].map((piece) => piece.begin + piece.head.length / HEX_DIGITS),
    )
    const [here, there] = [one, other].map((piece) => {
      return piece.head.slice((begin - piece.begin) * HEX_DIGITS, (end - piece.begin) * HEX_DIGITS)
    })
    if (begin < end && here !== there) return undefined
    same += Math.max(0, end - begin)
    if (one.end <= other.end) left++
    else right++
  }
}

/** Returns the first bytes of a stream as hex; undefined where not so many are known. */
export function prefixOf({ pieces }: Stream, bytes: number): string | undefined {
  let prefix = ''
  for (const { begin, end, head } of pieces) {
    prefix += head
    if (prefix.length >= bytes * HEX_DIGITS) return prefix.slice(0, bytes * HEX_DIGITS)
    if (head.length < (end - begin) * HEX_DIGITS) break
  }
  return undefined
}

/** Clocks of one machine agree, but a connection that is passed on may come a little later. */
const SLACK_MS = 2000
const LOOPBACK = /^(127\.|\[::1\])/

/**
 * Returns whether something between two ends (a network address translation, a port forward, a
 * relay) can be why their addresses differ.
 */
export function canBeTranslated(client: TracedEnd, server: TracedEnd): boolean {
  const hostOf = (address: string) => address.slice(0, address.lastIndexOf(':'))
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
