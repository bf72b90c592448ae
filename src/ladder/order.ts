// The order of rows: each lane's own, and between lanes what the network makes certain.
import { groupBy } from './group.ts'
import { type Arrow, type Call, hasBlocked, isCause, type Lane } from './ladder.ts'

/** A call's start, or its return. */
export interface Moment {
  readonly call: Call
  readonly isStart: boolean
  readonly timeUs: number
}

/** A moment, and those that must stand above it. */
interface Place extends Moment {
  readonly above: Place[]
  hasBegun: boolean
}

/** Rounding to microseconds may make a call start this much before the one before it returned. */
const ROUNDING_US = 2

/**
 * Returns all starts and returns, from top to bottom. No clock is trusted across lanes: what an
 * arrow brings never stands above the start of the call that sent it. Only where the arrows leave
 * the choice do the clocks decide.
 */
export function inOrder(calls: readonly Call[], arrows: readonly Arrow[]): Moment[] {
  const lanes = [...groupBy(calls, ({ lane }) => lane).values()].map(placesOfLane)
  const places = lanes.flat()
  addCauses(places, arrows)
  places.sort((one, other) => one.timeUs - other.timeUs)
  const order: Moment[] = []
  const stack: Place[] = []
  for (const place of places) {
    if (!place.hasBegun) stack.push(place)
    while (stack.length > 0) {
      const top = stack.at(-1) as Place
      top.hasBegun = true
      const next = top.above.pop()
      if (next === undefined) order.push(stack.pop() as Place)
      // One that has begun and comes round again: the traces contradict each other, and clocks decide.
      else if (!next.hasBegun) stack.push(next)
    }
  }
  return order
}

/** One lane: its calls may overlap (a program that sends and receives at a time). */
function placesOfLane(calls: readonly Call[]): Place[] {
  let returnedUs = Number.NEGATIVE_INFINITY
  const places = calls.flatMap((call, index) => {
    const isRounded = call.startedUs < returnedUs && call.startedUs >= returnedUs - ROUNDING_US
    const startUs = isRounded ? returnedUs : call.startedUs
    returnedUs = call.returnedUs
    const start = placeOf(call, true, Math.min(startUs, returnedUs))
    const ends = call.record.waiting ? [] : [placeOf(call, false, returnedUs)]
    return [start, ...ends].map((place) => ({ place, index }))
  })
  places.sort((one, other) => one.place.timeUs - other.place.timeUs || one.index - other.index)
  places.forEach(({ place }, index) => {
    const before = places[index - 1]?.place
    if (before !== undefined) place.above.push(before)
  })
  return places.map(({ place }) => place)
}

function placeOf(call: Call, isStart: boolean, timeUs: number): Place {
  return { call, isStart, timeUs, above: [], hasBegun: false }
}

/** What a call brings to another lane stands below the call's start. */
function addCauses(places: readonly Place[], arrows: readonly Arrow[]): void {
  const starts = new Map<Call, Place>()
  /** Where the row of a call stands that something has to come before. */
  const rows = new Map<Call, Place>()
  const firstListens = new Map<Lane, Call>()
  for (const place of places) {
    const { call, isStart } = place
    if (isStart) starts.set(call, place)
    const isListen = call.record.call === 'listen'
    if (isListen && !firstListens.has(call.lane)) firstListens.set(call.lane, call)
    if (isStart === (isCause(call) && !hasBlocked(call))) rows.set(call, place)
  }
  const add = (cause: Call | undefined, effect: Call | undefined) => {
    const above = cause && starts.get(cause)
    if (above !== undefined && effect !== undefined) rows.get(effect)?.above.push(above)
  }
  for (const { kind, to, cause, effect } of arrows) {
    add(cause, effect)
    // A connect succeeds only when somebody listens.
    if (kind === 'open') add(firstListens.get(to), cause)
  }
}
