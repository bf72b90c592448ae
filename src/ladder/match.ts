// Which ends of two sides belong together: as the bytes say, and where these fit several, the times.
import type { TracedEnd } from './ends.ts'
import { type Fit, RANKS } from './evidence.ts'
import { addTo } from './group.ts'

export interface Matches {
  readonly pairs: readonly (readonly [TracedEnd, TracedEnd])[]
  /** Ends that fit several others equally well. */
  readonly undecided: ReadonlySet<TracedEnd>
}

/** Two ends that may be those of one connection; a smaller rank is better. */
interface Candidate {
  readonly ends: readonly [left: TracedEnd, right: TracedEnd]
  readonly rank: number
  readonly gapMs: number
}

/** Of many that are alike, an end is compared with so many before and after it in time. */
const MAX_DISTANCE = 8
/** Ends that are nearest in time are taken where the next one is twice as far, and this on top. */
const CLOSE_MS = 10

/**
 * Pairs the ends of two sides, as far as there is no doubt. `fitOf` returns undefined for two that
 * can't be one connection's. `isInOrder`: where as many remain on both sides, the first belongs to
 * the first, as with ports that are used again.
 */
export function matchSides(
  sides: readonly [readonly TracedEnd[], readonly TracedEnd[]],
  fitOf: (left: TracedEnd, right: TracedEnd) => Fit | undefined,
  isInOrder: boolean,
): Matches {
  let rest = candidatesOf(byTime(sides[0]), byTime(sides[1]), fitOf)
  const pairs: Candidate['ends'][] = []
  for (const rank of Object.values(RANKS)) {
    for (let found = true; found; ) {
      const clear = clearOnes(
        rest.filter((one) => one.rank <= rank),
        isInOrder,
      )
      found = clear.length > 0
      pairs.push(...clear.map(({ ends }) => ends))
      const taken = new Set(clear.flatMap(({ ends }) => ends))
      rest = rest.filter(({ ends }) => !ends.some((end) => taken.has(end)))
    }
  }
  return { pairs, undecided: new Set(rest.flatMap(({ ends }) => ends)) }
}

function candidatesOf(
  lefts: readonly TracedEnd[],
  rights: readonly TracedEnd[],
  fitOf: (left: TracedEnd, right: TracedEnd) => Fit | undefined,
): Candidate[] {
  let place = 0
  return lefts.flatMap((left) => {
    while ((rights[place]?.startedAt ?? Number.POSITIVE_INFINITY) < left.startedAt) place++
    const begin = Math.max(0, Math.min(place, rights.length - MAX_DISTANCE) - MAX_DISTANCE)
    const near = rights.slice(begin, begin + 2 * MAX_DISTANCE)
    return near.flatMap((right): Candidate[] => {
      const fit = fitOf(left, right)
      const gapMs = Math.abs(left.startedAt - right.startedAt)
      return fit === undefined ? [] : [{ ends: [left, right], rank: fit.rank, gapMs }]
    })
  })
}

/** The candidates that leave no doubt: in their order, or else with no rival or nearest in time. */
function clearOnes(open: readonly Candidate[], isInOrder: boolean): Candidate[] {
  const [lefts, rights] = [placesOf(open, 0), placesOf(open, 1)]
  const areAsMany = lefts.size === rights.size
  const isInPlace = ({ ends }: Candidate) => lefts.get(ends[0]) === rights.get(ends[1])
  const inPlace = open.filter(isInPlace)
  if (isInOrder && areAsMany && inPlace.length === lefts.size) return inPlace
  const byEnd = new Map<TracedEnd, Candidate[]>()
  for (const one of open) for (const end of one.ends) addTo(byEnd, end, one)
  return open.filter((one) => {
    const rivals = one.ends.flatMap((end) => byEnd.get(end) ?? []).filter((other) => other !== one)
    const isNearest = rivals.every(({ gapMs }) => gapMs > 2 * one.gapMs + CLOSE_MS)
    return rivals.length === 0 || (isNearest && (!areAsMany || isInPlace(one)))
  })
}

function placesOf(open: readonly Candidate[], side: 0 | 1): Map<TracedEnd, number> {
  const ends = byTime([...new Set(open.map(({ ends }) => ends[side]))])
  return new Map(ends.map((end, place) => [end, place]))
}

function byTime(ends: readonly TracedEnd[]): TracedEnd[] {
  return [...ends].sort((one, other) => one.startedAt - other.startedAt)
}
