// From moments to the rows of the diagram, and many rows of one kind to a sum.
import { groupBy } from './group.ts'
import { type Arrow, type Call, type CallRow, hasBlocked, isCause, type Row } from './ladder.ts'
import type { Moment } from './order.ts'

/** Each call's row, or two where it blocked; an arrow is in the row of what it brought. */
export function rowsOf(moments: readonly Moment[], arrows: readonly Arrow[]): CallRow[] {
  const arrowsAt = groupBy(arrows, ({ effect, cause }) => effect ?? cause)
  return moments.flatMap(({ call, isStart }): CallRow[] => {
    const isArrowRow = isStart === isCause(call)
    if (!hasBlocked(call) && !isArrowRow) return []
    const kind = !hasBlocked(call) ? 'call' : isStart ? 'start' : 'return'
    return [{ kind, call, arrows: isArrowRow ? (arrowsAt.get(call) ?? []) : [] }]
  })
}

/** Calls of one kind that are more than this are many, and their rows may be summed up. */
const MANY = 16
const SHOWN_FIRST = 10
const SHOWN_LAST = 6
/** Fewer rows than this are no relief. */
const LEAST_SUMMED = 8

/** The same rows, but of a long run of what there is much of only its beginning and its end. */
export function sumUp(rows: readonly CallRow[]): Row[] {
  const counts = new Map<string, number>()
  const seen = new Set<Call>()
  const kinds = new Map<Call, string>()
  const connectionNumbers = new Map<unknown, number>()
  for (const { call } of rows) {
    if (seen.has(call)) continue
    seen.add(call)
    const number = connectionNumbers.get(call.connection) ?? connectionNumbers.size
    connectionNumbers.set(call.connection, number)
    const kind = kindOf(call, number)
    kinds.set(call, kind)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const isOneOfMany = ({ call }: CallRow) => (counts.get(kinds.get(call) ?? '') ?? 0) > MANY

  const result: Row[] = []
  for (let index = 0; index < rows.length; ) {
    let end = index
    while (end < rows.length && isOneOfMany(rows[end] as CallRow)) end++
    const run = rows.slice(index, Math.max(end, index + 1))
    result.push(...shorten(run, kinds))
    index += run.length
  }
  return result
}

/** Calls that differ only in their bytes are of one kind. */
function kindOf({ lane, record }: Call, connection: number): string {
  const { call, error, wouldBlock, bytes } = record
  const outcome = error ?? (wouldBlock !== undefined ? 'nothing' : bytes === 0 ? 'none' : 'some')
  return `${call} ${outcome} ${connection} ${lane.detail} ${lane.address}`
}

function shorten(run: readonly CallRow[], kinds: Map<Call, string>): Row[] {
  const middle = run.slice(SHOWN_FIRST, -SHOWN_LAST)
  if (middle.length < LEAST_SUMMED) return [...run]
  const outside = new Set([...run.slice(0, SHOWN_FIRST), ...run.slice(-SHOWN_LAST)].map(callOf))
  // A call that starts or returns outside of the run stays whole, too.
  const rowsInside = new Map<Call, number>()
  for (const { call } of middle) rowsInside.set(call, (rowsInside.get(call) ?? 0) + 1)
  const isSummed = ({ call }: CallRow) =>
    !outside.has(call) && rowsInside.get(call) === (hasBlocked(call) ? 2 : 1)
  const summed = middle.filter(isSummed)
  const kept = middle.filter((row) => !isSummed(row))
  const groups = [...groupBy(summed, ({ call }) => kinds.get(call)).values()]
  const sums = groups.map(sumOf)
  // Sends stand above what they fed, and each lane's calls in their order, as far as sums have one.
  const isOfCause = ({ call }: Row) => isCause(call)
  return [
    ...run.slice(0, SHOWN_FIRST),
    ...kept.filter((row) => isOfCause(row) && row.kind === 'return'),
    ...sums.filter(isOfCause),
    ...kept.filter((row) => isOfCause(row) && row.kind !== 'return'),
    ...sums.filter((row) => !isOfCause(row)),
    ...kept.filter((row) => !isOfCause(row)),
    ...run.slice(-SHOWN_LAST),
  ]
}

function callOf({ call }: CallRow): Call {
  return call
}

function sumOf(rows: readonly CallRow[]): Row {
  const calls = [...new Set(rows.map(callOf))]
  const arrows: Arrow[] = []
  for (const arrow of rows.flatMap((row) => row.arrows)) {
    const last = arrows.at(-1)
    if (last === undefined || last.end !== arrow.begin) arrows.push({ ...arrow, cause: undefined })
    else arrows[arrows.length - 1] = { ...last, end: arrow.end }
  }
  return {
    kind: 'sum',
    call: calls[0] as Call,
    count: calls.length,
    bytes: calls.reduce((sum, { record }) => sum + (record.bytes ?? 0), 0),
    arrows,
  }
}
