// What a diagram can't show: traces that have no other end, or several that fit, and what to say of them.
import type { Address } from '../calls.ts'
import type { Trace } from '../trace/format.ts'
import { TraceError } from '../trace/parse-trace.ts'
import type { TracedEnd } from './ends.ts'
import { groupBy } from './group.ts'
import { addressText } from './notes.ts'
import type { Pairs } from './pairs.ts'

/** Connections of one trace that the diagram leaves out. */
export interface LeftOut {
  readonly trace: Trace
  readonly remotes: readonly (Address | undefined)[]
  /** Several others could be the other end; otherwise nobody has its trace. */
  readonly isUndecided: boolean
}

/** How many traces, and how many connections of each, a message names. */
const NAMED = 3

/** Throws TraceError where two traces are of the same run: one file twice, or a copy of it. */
export function rejectCopies(traces: readonly Trace[]): void {
  const seen = new Map<string, Trace>()
  for (const trace of traces) {
    const { program, pid, startedAt } = trace.header
    const run = JSON.stringify([program, pid, startedAt])
    const other = seen.get(run)
    seen.set(run, trace)
    if (other === undefined) continue
    const what =
      other.name === trace.name
        ? `${trace.name} is given twice`
        : `${other.name} and ${trace.name} are the same trace`
    throw new TraceError('ERR_TRACE_MISMATCH', `${what}: give each end's trace once`)
  }
}

/**
 * Returns the traces that have a lane. Throws TraceError where a trace shows no connection that
 * another one shows, too. One whose connections can't be told apart is left out if others remain.
 */
export function tracesToDraw(
  traces: readonly Trace[],
  ends: readonly TracedEnd[],
  { pairs, undecided, contradicted }: Pairs,
): Trace[] {
  const tracesOf = (some: Iterable<TracedEnd>) => new Set([...some].map(({ trace }) => trace))
  const joined = tracesOf(pairs.flat())
  const unclear = tracesOf(undecided)
  const rest = traces.filter((trace) => !joined.has(trace))
  const alone = rest.filter((trace) => !unclear.has(trace))
  if (joined.size > 0 && alone.length === 0) return traces.filter((trace) => joined.has(trace))

  const wrong = tracesOf(contradicted)
  const what =
    alone.length === 0
      ? `${namesOf(rest)} can't be told apart`
      : alone.some((trace) => wrong.has(trace))
        ? 'the addresses fit, but the bytes contradict each other'
        : `no other trace shows the other end of a connection of ${namesOf(alone)}`
  const byTrace = groupBy(ends, ({ trace }) => trace)
  const contents = listOf(traces, (trace) => contentOf(trace, byTrace.get(trace) ?? []), '; ')
  throw new TraceError('ERR_TRACE_MISMATCH', `${what}; connections: ${contents}`)
}

/** Returns the connections that are in no pair, by their trace. */
export function leftOutOf(ends: readonly TracedEnd[], { pairs, undecided }: Pairs): LeftOut[] {
  const paired = new Set(pairs.flat())
  const rest = groupBy(
    ends.filter((end) => !paired.has(end)),
    ({ trace }) => trace,
  )
  return [...rest].flatMap(([trace, own]) => {
    return [...groupBy(own, (end) => undecided.has(end))].map(([isUndecided, some]) => {
      return { trace, isUndecided, remotes: some.map(({ remote }) => remote) }
    })
  })
}

function contentOf({ name }: Trace, ends: readonly TracedEnd[]): string {
  if (ends.length === 0) return `${name} has none`
  const connectionOf = ({ local, remote }: TracedEnd) => {
    return `${addressText(local)} to ${addressText(remote)}`
  }
  return `${name} has ${listOf(ends, connectionOf, ', ')}`
}

function namesOf(traces: readonly Trace[]): string {
  return listOf(traces, ({ name }) => name, ', ')
}

function listOf<Value>(
  values: readonly Value[],
  nameOf: (value: Value) => string,
  separator: string,
): string {
  const named = values.slice(0, NAMED).map(nameOf).join(separator)
  const more = values.length - NAMED
  return more > 0 ? `${named} and ${more} more` : named
}
