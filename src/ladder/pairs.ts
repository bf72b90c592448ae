// Which socket of one program is the other end of which socket of another.
import { keyOf, type TracedEnd } from './ends.ts'
import { canBeTranslated, fitOf, prefixOf, RANKS, relayedFitOf } from './evidence.ts'
import { addTo, groupBy } from './group.ts'
import { type Candidate, matchEnds } from './match.ts'

export interface Pairs {
  readonly pairs: readonly (readonly [TracedEnd, TracedEnd])[]
  /** Ends that could be the other end of several. */
  readonly undecided: ReadonlySet<TracedEnd>
  /** Ends whose addresses fit another's, but whose bytes do not. */
  readonly contradicted: ReadonlySet<TracedEnd>
}

/** So many of those nearest in time are looked at, that the cost stays linear. */
const MAX_CHOICES = 16

/**
 * Pairs the ends whose addresses are each other's, as far as their bytes agree; then those of which
 * only the bytes say that they belong together, because something between them translates addresses.
 */
export function pairEnds(ends: readonly TracedEnd[]): Pairs {
  const sameAddresses = pairByAddress(ends)
  const known = new Set(sameAddresses.pairs.flat())
  const rest = ends.filter((end) => !known.has(end) && !sameAddresses.undecided.has(end))
  const translated = pairByBytes(rest)
  return {
    pairs: [...sameAddresses.pairs, ...translated.pairs],
    undecided: new Set([...sameAddresses.undecided, ...translated.undecided]),
    contradicted: sameAddresses.contradicted,
  }
}

/** Ports are used again: several connections may have the same addresses. */
function pairByAddress(ends: readonly TracedEnd[]): Pairs {
  const sides = groupBy(ends, ({ local, remote }) => `${keyOf(local)} ${keyOf(remote)}`)
  const contradicted = new Set<TracedEnd>()
  const candidates: Candidate[] = []
  for (const lefts of sides.values()) {
    const { local, remote } = lefts[0] as TracedEnd
    if (local === undefined || remote === undefined || keyOf(local) > keyOf(remote)) continue
    const rights = byTime(sides.get(`${keyOf(remote)} ${keyOf(local)}`) ?? [])
    for (const left of lefts) {
      for (const right of nearestOf(rights, left)) {
        if (left.trace === right.trace) continue
        const fit = fitOf(left, right)
        if (fit !== undefined) candidates.push({ left, right, rank: fit.rank })
        else contradicted.add(left).add(right)
      }
    }
  }
  return { ...matched(candidates, true), contradicted }
}

/** The addresses say nothing, so the bytes must: some are known at both ends, and the counts fit. */
function pairByBytes(ends: readonly TracedEnd[]): Pairs {
  const servers = new Map<string, TracedEnd[]>()
  for (const server of byTime(ends.filter(({ hasConnected }) => !hasConnected))) {
    for (const key of prefixKeys(server.received, server.sent)) addTo(servers, key, server)
  }
  const candidates: Candidate[] = []
  for (const client of ends.filter(({ hasConnected }) => hasConnected)) {
    const key = prefixKeys(client.sent, client.received).find((one) => servers.has(one))
    if (key === undefined) continue
    for (const server of nearestOf(servers.get(key) ?? [], client)) {
      if (client.trace === server.trace || !canBeTranslated(client, server)) continue
      const fit = fitOf(client, server)
      const isGood = fit !== undefined && fit.sameBytes > 0 && fit.rank < RANKS.broken
      if (isGood) candidates.push({ left: client, right: server, rank: fit.rank })
    }
  }
  return { ...matched(candidates, false), contradicted: new Set() }
}

/** Pairs a relay's ends towards its clients with those towards the server that feed them. */
export function pairRelayed(ends: readonly TracedEnd[]): Pairs['pairs'] {
  const relayed = ends.filter(({ trace }) => trace.header.source === 'relay')
  const pairs = [...groupBy(relayed, ({ trace }) => trace).values()].map((own) => {
    const servers = byTime(own.filter(({ hasConnected }) => hasConnected))
    const candidates = own
      .filter(({ hasConnected }) => !hasConnected)
      .flatMap((left) =>
        nearestOf(servers, left).flatMap((right) => {
          const fit = relayedFitOf(left, right)
          return fit === undefined ? [] : [{ left, right, rank: fit.rank }]
        }),
      )
    return matched(candidates, true).pairs
  })
  return pairs.flat()
}

function matched(candidates: readonly Candidate[], isInOrder: boolean) {
  const { pairs, undecided } = matchEnds(candidates, isInOrder)
  return { pairs: pairs.map(({ left, right }) => [left, right] as const), undecided }
}

/** The first bytes of what goes to the server, by which candidates are found; else of the answer. */
function prefixKeys(toServer: TracedEnd['sent'], toClient: TracedEnd['sent']): string[] {
  const keys: string[] = []
  for (const [direction, stream] of Object.entries({ toServer, toClient })) {
    for (const bytes of [32, 8, 1]) {
      const prefix = prefixOf(stream, bytes)
      if (prefix.length === 2 * bytes) keys.push(`${direction} ${prefix}`)
    }
  }
  return keys
}

function byTime(ends: readonly TracedEnd[]): TracedEnd[] {
  return [...ends].sort((one, other) => one.startedAt - other.startedAt)
}

/** Of ends in the order of time, those that are nearest to another. */
function nearestOf(sorted: readonly TracedEnd[], end: TracedEnd): readonly TracedEnd[] {
  if (sorted.length <= MAX_CHOICES) return sorted
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as TracedEnd).startedAt < end.startedAt) low = middle + 1
    else high = middle
  }
  const begin = Math.min(Math.max(0, low - MAX_CHOICES / 2), sorted.length - MAX_CHOICES)
  return sorted.slice(begin, begin + MAX_CHOICES)
}
