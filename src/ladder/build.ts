// From traces to a ladder diagram, ready to be drawn.
import type { Trace } from '../trace/format.ts'
import { arrowsOf } from './arrows.ts'
import { groupBy } from './group.ts'
import { joinTraces } from './join.ts'
import type { CallRow, Connection, Ladder } from './ladder.ts'
import { arrange } from './lanes.ts'
import type { LeftOut } from './left-out.ts'
import { inOrder } from './order.ts'
import { rowsOf, sumUp } from './rows.ts'

/** A diagram with each call that the traces have. */
export interface WholeLadder extends Ladder {
  readonly rows: readonly CallRow[]
  /** Connections that a relay joins into one stand together; every other one is alone. */
  readonly sessions: readonly (readonly Connection[])[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Returns the diagram of the traces, from which each form is drawn.
 *
 * Throws TraceError when the traces are not of the same connections.
 */
export function buildLadder(traces: readonly Trace[]): WholeLadder {
  const { lanes, connections, sessions, calls, leftOut } = joinTraces(traces)
  const arrows = connections.flatMap(arrowsOf)
  const rows = rowsOf(inOrder(calls, arrows), arrows)
  return { lanes: arrange(lanes, connections), connections, sessions, rows, leftOut }
}

/** Returns the rows to draw. `all`: every row, also where there are hundreds of one kind. */
export function chooseRows(whole: WholeLadder, all = false): Ladder {
  return all ? whole : { ...whole, rows: sumUp(whole.rows) }
}

/** Returns a diagram for each of the groups: its lanes and rows, and nobody else's. */
export function splitLadder(
  whole: WholeLadder,
  groups: readonly (readonly Connection[])[],
): WholeLadder[] {
  const places = new Map(whole.rows.map((row, place) => [row, place]))
  const byConnection = groupBy(whole.rows, ({ call }) => call.connection)
  const byLane = groupBy(byConnection.get(undefined) ?? [], ({ call }) => call.lane)
  return groups.map((connections) => {
    const ends = connections.flatMap((connection) => connection.ends)
    const lanes = arrange([...new Set(ends.map(({ lane }) => lane))], connections)
    const rows = [
      ...connections.flatMap((connection) => byConnection.get(connection) ?? []),
      ...lanes.flatMap((lane) => byLane.get(lane) ?? []),
    ]
    rows.sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0))
    return { lanes, connections, sessions: [connections], leftOut: [], rows }
  })
}
