// From traces to a ladder diagram, ready to be drawn.
import type { Trace } from '../trace/format.ts'
import { arrowsOf } from './arrows.ts'
import { joinTraces } from './connections.ts'
import type { CallRow, Ladder } from './ladder.ts'
import { arrange } from './lanes.ts'
import { inOrder } from './order.ts'
import { rowsOf, sumUp } from './rows.ts'

/** A diagram with each call that the traces have. */
export interface WholeLadder extends Ladder {
  readonly rows: readonly CallRow[]
}

/**
 * The diagram of the traces, from which each form is drawn.
 *
 * Throws TraceError when the traces are not of the same connections.
 */
export function buildLadder(traces: readonly Trace[]): WholeLadder {
  const { lanes, connections, calls, leftOut } = joinTraces(traces)
  const arrows = connections.flatMap(arrowsOf)
  const rows = rowsOf(inOrder(calls, arrows), arrows)
  return { lanes: arrange(lanes, connections), connections, rows, leftOut }
}

/** The rows to draw. `all`: every row, also where there are hundreds of one kind. */
export function chooseRows(
  whole: WholeLadder,
  { all = false }: { all?: boolean | undefined } = {},
): Ladder {
  return all ? whole : { ...whole, rows: sumUp(whole.rows) }
}

/** The diagram as one for each connection: that connection's lanes and rows, and nobody else's. */
export function splitByConnection(whole: WholeLadder): WholeLadder[] {
  return whole.connections.map((connection) => {
    const lanes = connection.ends.map(({ lane }) => lane)
    const rows = whole.rows.filter(({ call }) => {
      return lanes.includes(call.lane) && (call.connection ?? connection) === connection
    })
    return { lanes, connections: [connection], leftOut: [], rows }
  })
}
