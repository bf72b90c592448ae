// Which candidates belong together: those with no other choice first, then those nearest in time.
import type { TracedEnd } from './ends.ts'
import { RANKS } from './evidence.ts'
import { addTo } from './group.ts'

/** Two ends that may be those of one connection; a smaller rank is better. */
export interface Candidate {
  readonly left: TracedEnd
  readonly right: TracedEnd
  readonly rank: number
}

export interface Matches {
  readonly pairs: readonly Candidate[]
  /** Ends that fit several others equally well. */
  readonly undecided: ReadonlySet<TracedEnd>
}

/** Many ends that are all alike would go on and on. */
const MAX_ROUNDS = 100
/** The nearest in time is taken where the next one is more than twice as far, and this on top. */
const CLOSE_MS = 10

/**
 * Returns the pairs that the candidates leave no doubt about. `isInOrder`: where as many ends remain
 * on both sides, the first belongs to the first, as with ports that are used again.
 */
export function matchEnds(candidates: readonly Candidate[], isInOrder: boolean): Matches {
  const pairs: Candidate[] = []
  const undecided = new Set<TracedEnd>()
  for (const group of connectedGroups(candidates)) {
    let rest = group
    for (const rank of Object.values(RANKS)) {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const open = rest.filter((one) => one.rank <= rank)
        const found = open.length === 0 ? [] : withoutRivals(open)
        const more = found.length > 0 || open.length === 0 ? found : nearest(open, isInOrder)
        if (more.length === 0) break
        pairs.push(...more)
        const taken = new Set(more.flatMap(({ left, right }) => [left, right]))
        rest = rest.filter(({ left, right }) => !taken.has(left) && !taken.has(right))
      }
    }
    for (const { left, right } of rest) undecided.add(left).add(right)
  }
  return { pairs, undecided }
}

/** Candidates of which one end has no other choice, and takes away the only choice of no one. */
function withoutRivals(open: readonly Candidate[]): Candidate[] {
  const choices = choicesOf(open)
  const isOnlyChoice = (end: TracedEnd, other: TracedEnd) => {
    if (choices.get(end)?.length !== 1) return false
    const rivals = choices.get(other) ?? []
    return rivals.every((rival) => rival === end || (choices.get(rival)?.length ?? 0) > 1)
  }
  return open.filter(({ left, right }) => isOnlyChoice(left, right) || isOnlyChoice(right, left))
}

function choicesOf(open: readonly Candidate[]): Map<TracedEnd, TracedEnd[]> {
  const choices = new Map<TracedEnd, TracedEnd[]>()
  for (const { left, right } of open) {
    addTo(choices, left, right)
    addTo(choices, right, left)
  }
  return choices
}

/** Candidates that start times decide on. */
function nearest(open: readonly Candidate[], isInOrder: boolean): Candidate[] {
  const choices = choicesOf(open)
  const lefts = placesInTime(open.map(({ left }) => left))
  const rights = placesInTime(open.map(({ right }) => right))
  const areAsMany = lefts.size === rights.size
  const inOrder = open.filter(({ left, right }) => lefts.get(left) === rights.get(right))
  if (areAsMany && isInOrder) return inOrder.length === lefts.size ? inOrder : []
  const gap = (one: TracedEnd, other: TracedEnd) => Math.abs(one.startedAt - other.startedAt)
  return (areAsMany ? inOrder : open).filter(({ left, right }) => {
    const isNearest = (end: TracedEnd, other: TracedEnd) => {
      const rivals = (choices.get(end) ?? []).filter((rival) => rival !== other)
      return rivals.every((rival) => gap(end, rival) > 2 * gap(end, other) + CLOSE_MS)
    }
    return isNearest(left, right) && isNearest(right, left)
  })
}

function placesInTime(ends: readonly TracedEnd[]): Map<TracedEnd, number> {
  const sorted = [...new Set(ends)].sort((one, other) => one.startedAt - other.startedAt)
  return new Map(sorted.map((end, place) => [end, place]))
}

/** The candidates in groups that have no end in common. */
function connectedGroups(candidates: readonly Candidate[]): Candidate[][] {
  const byEnd = new Map<TracedEnd, Candidate[]>()
  for (const candidate of candidates) {
    addTo(byEnd, candidate.left, candidate)
    addTo(byEnd, candidate.right, candidate)
  }
  const seen = new Set<Candidate>()
  const groups: Candidate[][] = []
  for (const first of candidates) {
    if (seen.has(first)) continue
    const group = new Set([first])
    for (const { left, right } of group) {
      for (const end of [left, right]) for (const next of byEnd.get(end) ?? []) group.add(next)
    }
    for (const one of group) seen.add(one)
    groups.push([...group])
  }
  return groups
}
