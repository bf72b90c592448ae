// From traces to a ladder diagram, ready to be drawn.
import type { Trace } from '../trace/trace-format.ts'
import { arrowsOf } from './arrows.ts'
import { joinTraces } from './connections.ts'
import type { CallRow, Connection, Ladder } from './ladder.ts'
import { arrange } from './lanes.ts'
import { inOrder } from './order.ts'
import { rowsOf, sumUp } from './rows.ts'

/**
 * The diagram of the traces. `all`: every row, also where there are hundreds of one kind.
 *
 * Throws TraceError when the traces are not of the same connections.
 */
export function buildLadder(traces: readonly Trace[], { all = false } = {}): Ladder {
  const { lanes, connections, calls, leftOut } = joinTraces(traces)
  const arrows = connections.flatMap(arrowsOf)
  const rows = rowsOf(inOrder(calls, arrows), arrows)
  return {
    lanes: arrange(lanes, connections),
    connections,
    rows: all ? rows : sumUp(rows),
    leftOut,
  }
}

/** The diagram as one for each connection: that connection's lanes and rows, and nobody else's. */
export function splitByConnection(
  traces: readonly Trace[],
  { all = false } = {},
): { connection: Connection; ladder: Ladder }[] {
  const whole = buildLadder(traces, { all: true })
  return whole.connections.map((connection) => {
    const lanes = connection.ends.map(({ lane }) => lane)
    const rows = whole.rows.filter(({ call }): boolean => {
      return lanes.includes(call.lane) && (call.connection ?? connection) === connection
    }) as CallRow[]
    const ladder = { lanes, connections: [connection], leftOut: [] }
    return { connection, ladder: { ...ladder, rows: all ? rows : sumUp(rows) } }
  })
}
