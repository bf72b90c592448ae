// Which socket of one program is the other end of which socket of another.
import { keyOf, type TracedEnd } from './ends.ts'
import { canBeTranslated, fitOf, prefixOf, RANKS, relayedFitOf } from './evidence.ts'
import { addTo, groupBy } from './group.ts'
import { type Matches, matchSides } from './match.ts'

export interface Pairs extends Matches {
  /** Ends whose addresses fit another's, but whose bytes do not. */
  readonly contradicted: ReadonlySet<TracedEnd>
}

/** How many of the first bytes two ends must share to be compared. */
const PREFIX_BYTES = [32, 8, 1]

/**
 * Pairs the ends whose addresses are each other's, as far as their bytes agree; then those of which
 * only the bytes say that they belong together, because something between them translates addresses.
 */
export function pairEnds(ends: readonly TracedEnd[]): Pairs {
  const contradicted = new Set<TracedEnd>()
  const fitting = (left: TracedEnd, right: TracedEnd) => {
    if (left.trace === right.trace) return undefined
    const fit = fitOf(left, right)
    if (fit === undefined) contradicted.add(left).add(right)
    return fit
  }
  const byAddress = groupBy(ends, ({ local, remote }) => `${keyOf(local)} ${keyOf(remote)}`)
  const found = [...byAddress].map(([, lefts]): Matches => {
    const { local, remote } = lefts[0] as TracedEnd
    const rights = byAddress.get(`${keyOf(remote)} ${keyOf(local)}`)
    const isOther = local === undefined || remote === undefined || keyOf(local) >= keyOf(remote)
    if (isOther || rights === undefined) return { pairs: [], undecided: new Set() }
    return matchSides([lefts, rights], fitting, true)
  })
  const done = new Set(found.flatMap(({ pairs, undecided }) => [...pairs.flat(), ...undecided]))
  found.push(...pairByBytes(ends.filter((end) => !done.has(end))))
  return {
    pairs: found.flatMap(({ pairs }) => pairs),
    undecided: new Set(found.flatMap(({ undecided }) => [...undecided])),
    contradicted,
  }
}

/** The addresses say nothing, so the bytes must: some are known at both ends, and the counts fit. */
function pairByBytes(ends: readonly TracedEnd[]): Matches[] {
  const [clients = [], servers = []] = [true, false].map((connected) => {
    return ends.filter(({ hasConnected }) => hasConnected === connected)
  })
  const byPrefix = new Map<string, TracedEnd[]>()
  for (const server of servers) {
    for (const key of prefixKeys(server.received, server.sent)) addTo(byPrefix, key, server)
  }
  const groups = groupBy(clients, ({ sent, received }) => {
    return prefixKeys(sent, received).find((key) => byPrefix.has(key))
  })
  const paired = new Set<TracedEnd>()
  return [...groups].map(([key = '', lefts]) => {
    const rights = (byPrefix.get(key) ?? []).filter((server) => !paired.has(server))
    const matches = matchSides([lefts, rights], translatedFitOf, false)
    for (const end of matches.pairs.flat()) paired.add(end)
    return matches
  })
}

function translatedFitOf(client: TracedEnd, server: TracedEnd) {
  if (client.trace === server.trace || !canBeTranslated(client, server)) return undefined
  const fit = fitOf(client, server)
  return fit !== undefined && fit.sameBytes > 0 && fit.rank < RANKS.broken ? fit : undefined
}

/** The first bytes of what goes to the server, by which candidates are found; else of the answer. */
function prefixKeys(toServer: TracedEnd['sent'], toClient: TracedEnd['sent']): string[] {
  return Object.entries({ toServer, toClient }).flatMap(([direction, stream]) => {
    return PREFIX_BYTES.flatMap((bytes) => {
      const prefix = prefixOf(stream, bytes)
      return prefix === undefined ? [] : [`${direction} ${prefix}`]
    })
  })
}

/** Pairs a relay's ends towards its clients with those towards the server that feed them. */
export function pairRelayed(ends: readonly TracedEnd[]): Matches['pairs'] {
  const relayed = ends.filter(({ trace }) => trace.header.source === 'relay')
  return [...groupBy(relayed, ({ trace }) => trace).values()].flatMap((own) => {
    const clients = own.filter(({ hasConnected }) => !hasConnected)
    const servers = own.filter(({ hasConnected }) => hasConnected)
    return matchSides([clients, servers], relayedFitOf, true).pairs
  })
}
