// The order of rows: each lane's own, and between lanes what the network makes certain.
import { groupBy } from './group.ts'
import { type Arrow, type Call, hasBlocked, isCause, type Lane } from './ladder.ts'

/** A call's start, or its return. */
export interface Moment {
  readonly call: Call
  readonly isStart: boolean
  readonly timeUs: number
}

/** Rounding to microseconds may make a call start this much before the one before it returned. */
const ROUNDING_US = 2

/**
 * All starts and returns, from top to bottom. No clock is trusted across lanes: what an arrow
 * brings never stands above the start of the call that sent it. Only where the arrows leave the
 * choice do the clocks decide.
 */
export function inOrder(calls: readonly Call[], arrows: readonly Arrow[]): Moment[] {
  const queues = [...groupBy(calls, ({ lane }) => lane).values()].map(momentsOfLane)
  const { isWaiting, passed } = dependencies(calls, arrows)
  const heads = queues.map(() => 0)
  const moments: Moment[] = []
  for (;;) {
    let chosen = -1
    let choice: Moment | undefined
    let isChoiceFree = false
    for (const [index, queue] of queues.entries()) {
      const moment = queue[heads[index] ?? 0]
      if (moment === undefined) continue
      // Should every lane wait for another, the traces contradict each other: go on by the clock.
      const isFree = !isWaiting(moment)
      const isEarlier = choice === undefined || moment.timeUs < choice.timeUs
      if (isFree === isChoiceFree ? isEarlier : isFree) {
        chosen = index
        choice = moment
        isChoiceFree = isFree
      }
    }
    if (choice === undefined) return moments
    heads[chosen] = (heads[chosen] ?? 0) + 1
    passed(choice)
    moments.push(choice)
  }
}

/** One lane: its calls may overlap (a program that sends and receives at a time). */
function momentsOfLane(calls: readonly Call[]): Moment[] {
  let returnedUs = Number.NEGATIVE_INFINITY
  const moments = calls.flatMap((call, index) => {
    const isRounded = call.startedUs < returnedUs && call.startedUs >= returnedUs - ROUNDING_US
    const startUs = isRounded ? returnedUs : call.startedUs
    returnedUs = call.returnedUs
    return [
      { call, index, isStart: true, timeUs: Math.min(startUs, returnedUs) },
      { call, index, isStart: false, timeUs: returnedUs },
    ]
  })
  return moments.sort((a, b) => a.timeUs - b.timeUs || a.index - b.index)
}

/** Who waits for whom: a moment for the starts of other lanes' calls. */
function dependencies(calls: readonly Call[], arrows: readonly Arrow[]) {
  const missing = new Map<Call, number>()
  const followers = new Map<Call, Call[]>()
  const add = (cause: Call, follower: Call) => {
    missing.set(follower, (missing.get(follower) ?? 0) + 1)
    const known = followers.get(cause)
    if (known === undefined) followers.set(cause, [follower])
    else known.push(follower)
  }
  for (const { cause, effect } of arrows) {
    if (cause !== undefined && effect !== undefined) add(cause, effect)
  }
  for (const [listen, connect] of listensBefore(calls, arrows)) add(listen, connect)

  /** A call that is one row waits where that row stands: the cause at its start. */
  const waitsAt = (call: Call) => isCause(call) && !hasBlocked(call)
  return {
    isWaiting: ({ call, isStart }: Moment) =>
      isStart === waitsAt(call) && (missing.get(call) ?? 0) > 0,
    passed: ({ call, isStart }: Moment) => {
      if (!isStart) return
      for (const follower of followers.get(call) ?? []) {
        missing.set(follower, (missing.get(follower) ?? 0) - 1)
      }
    },
  }
}

/** A connect succeeds only when somebody listens. */
function listensBefore(calls: readonly Call[], arrows: readonly Arrow[]): [Call, Call][] {
  const listens = new Map<Lane, Call>()
  for (const call of calls) {
    if (call.record.call === 'listen' && !listens.has(call.lane)) listens.set(call.lane, call)
  }
  return arrows.flatMap(({ kind, to, cause }) => {
    const listen = listens.get(to)
    return kind === 'open' && cause !== undefined && listen !== undefined ? [[listen, cause]] : []
  })
}
