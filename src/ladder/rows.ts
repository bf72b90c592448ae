// From moments to the rows of the diagram, and many rows of one kind to a sum.
import { groupBy } from './group.ts'
import {
  type Arrow,
  type Call,
  type CallRow,
  hasBlocked,
  isCause,
  type Row,
  type SumRow,
  sumOfBytes,
} from './ladder.ts'
import type { Moment } from './order.ts'

/** Returns each call's row, or two where it blocked; an arrow is in the row of what it brought. */
export function rowsOf(moments: readonly Moment[], arrows: readonly Arrow[]): CallRow[] {
  const arrowsAt = groupBy(arrows, ({ effect, cause }) => effect ?? cause)
  return moments.flatMap(({ call, isStart }): CallRow[] => {
    const isArrowRow = isStart === isCause(call)
    // A call that blocked has two rows, one that never returned its start alone.
    if (!hasBlocked(call) && !isArrowRow) return []
    const kind = !hasBlocked(call) ? 'call' : isStart ? 'start' : 'return'
    return [{ kind, call, arrows: isArrowRow ? (arrowsAt.get(call) ?? []) : [] }]
  })
}

/** Calls of one kind that are more than this are many, and only their first and last are drawn. */
const MANY = 16
const SHOWN_FIRST = 6
const SHOWN_LAST = 4
/** A sum of fewer calls than this is no relief. */
const LEAST_SUMMED = 2

/**
 * Returns the same rows, but of many calls of one kind only the first and the last: those between
 * are summed up where no row of another kind stands between them.
 */
export function sumUp(rows: readonly CallRow[]): Row[] {
  const kinds = kindsOf(rows)
  const middle = middleOf(kinds)
  const runs = runsOf(rows, middle)
  const sums = new Map<Call, SumRow>()
  for (const run of runs) {
    const groups = groupBy(run.filter(isMain), ({ call }) => kinds.get(call))
    for (const group of groups.values()) {
      if (!middle.has((group[0] as CallRow).call) || group.length < LEAST_SUMMED) continue
      const sum = sumOf(group)
      for (const call of sum.calls) sums.set(call, sum)
    }
  }
  return runs
    .flatMap((run) => shorten(run, sums))
    .map((row) => ({ ...row, arrows: mergeArrows(row.arrows, sums) }))
}

/** Calls that differ only in their bytes are of one kind. */
function kindsOf(rows: readonly CallRow[]): Map<Call, string> {
  const kinds = new Map<Call, string>()
  const numbers = new Map<unknown, number>()
  const numberOf = (one: unknown) => {
    const number = numbers.get(one) ?? numbers.size
    numbers.set(one, number)
    return number
  }
  for (const { call } of rows) {
    if (kinds.has(call)) continue
    const { lane, connection, record } = call
    const { error, wouldBlock, bytes } = record
    const outcome = error ?? (wouldBlock !== undefined ? 'nothing' : bytes === 0 ? 'none' : 'some')
    kinds.set(call, `${record.call} ${outcome} ${numberOf(connection)} ${numberOf(lane)}`)
  }
  return kinds
}

/** The calls that are neither among the first of their kind nor among the last. */
function middleOf(kinds: Map<Call, string>): Set<Call> {
  const groups = groupBy([...kinds.keys()], (call) => kinds.get(call))
  const many = [...groups.values()].filter((calls) => calls.length > MANY)
  return new Set(many.flatMap((calls) => calls.slice(SHOWN_FIRST, -SHOWN_LAST)))
}

/** The rows of middle calls that follow one another; every other row alone. */
function runsOf(rows: readonly CallRow[], middle: Set<Call>): CallRow[][] {
  const runs: CallRow[][] = []
  let isOpen = false
  for (const row of rows) {
    const isMiddle = middle.has(row.call)
    if (isOpen && isMiddle) runs.at(-1)?.push(row)
    else runs.push([row])
    isOpen = isMiddle
  }
  return runs
}

/** The row of a call that has its arrows, where it has two rows. */
export function isMain({ kind, call }: CallRow): boolean {
  return kind === 'call' || (kind === 'start') === isCause(call)
}

/** Sends stand above what they fed, and each lane's calls in their order, as far as sums have one. */
function shorten(run: readonly CallRow[], sums: Map<Call, SumRow>): Row[] {
  const summed = new Set(run.filter(isMain).flatMap(({ call }) => sums.get(call) ?? []))
  const rows = [...summed, ...run.filter(({ call }) => !sums.has(call))]
  return [...rows.filter(({ call }) => isCause(call)), ...rows.filter(({ call }) => !isCause(call))]
}

function sumOf(rows: readonly CallRow[]): SumRow {
  const calls = rows.map(({ call }) => call)
  return {
    kind: 'sum',
    call: calls[0] as Call,
    calls,
    bytes: sumOfBytes(calls),
    arrows: rows.flatMap((row) => row.arrows),
  }
}

/** Arrows of one send, or of the sends of one sum, whose bytes follow one another, as one. */
function mergeArrows(arrows: readonly Arrow[], sums: Map<Call, SumRow>): Arrow[] {
  const sourceOf = ({ cause }: Arrow) => (cause && sums.get(cause)) ?? cause
  return joinArrows(arrows, (one, next) => sourceOf(one) === sourceOf(next))
}

/** Returns the rows for where an arrow's send can't be seen: a sum's arrows are one, as far as bytes follow. */
export function withOneArrow(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    return row.kind === 'sum' ? { ...row, arrows: joinArrows(row.arrows, () => true) } : row
  })
}

function joinArrows(
  arrows: readonly Arrow[],
  areOne: (one: Arrow, next: Arrow) => boolean,
): Arrow[] {
  const joined: Arrow[] = []
  for (const arrow of arrows) {
    const last = joined.at(-1)
    const follows = last?.kind === 'data' && arrow.kind === 'data' && last.end === arrow.begin
    if (last !== undefined && follows && areOne(last, arrow)) {
      joined[joined.length - 1] = { ...last, end: arrow.end }
    } else joined.push(arrow)
  }
  return joined
}
