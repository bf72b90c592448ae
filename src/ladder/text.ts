// The ladder diagram for a terminal: lanes as columns, time downwards, a heavy line where one waits.
import { chooseRows, splitLadder, type WholeLadder } from './build.ts'
import { Canvas, MARGIN, shareWidth } from './canvas.ts'
import { wrap } from './columns.ts'
import type { Ladder, Row } from './ladder.ts'
import { areNeighbours } from './lanes.ts'
import { accountLines, LEGEND } from './notes.ts'
import { withOneArrow } from './rows.ts'

/** A diagram is never narrower than this. */
export const MIN_WIDTH = 60
/** A lane with less than this says too little: the connections get a ladder each. */
const MIN_LANE = 25

/** Returns the diagram in lines of at most `width` columns, each with its newline. */
export function textLadder(
  whole: WholeLadder,
  { width, all }: { width: number; all?: boolean | undefined },
): string {
  const room = Math.max(width, MIN_WIDTH)
  const parts = partsThatFit(whole, room)
  const lines = parts.flatMap((part, index) => {
    const heading = parts.length > 1 ? [`Connection ${index + 1} of ${parts.length}`, ''] : []
    return [...heading, ...draw(chooseRows(part, all), room), '']
  })
  const legend = indented([LEGEND, 'A heavy line (┃): blocked in a call.'], room)
  return [...lines, ...legend, ''].join('\n')
}

/** The whole if it fits, else a ladder for each client of a relay, else one for each connection. */
function partsThatFit(whole: WholeLadder, width: number): WholeLadder[] {
  const fits = ({ lanes, connections }: Ladder) => {
    return width / lanes.length >= MIN_LANE && areNeighbours(lanes, connections)
  }
  if (fits(whole)) return [whole]
  return splitLadder(whole, whole.sessions).flatMap((part) => {
    if (fits(part)) return [part]
    return splitLadder(
      part,
      part.connections.map((connection) => [connection]),
    )
  })
}

function draw(whole: Ladder, width: number): string[] {
  const ladder = { ...whole, rows: withOneArrow(whole.rows) }
  const canvas = new Canvas(ladder.lanes, shareWidth(ladder, width))
  return [
    ...canvas.heads(),
    ...stepsOf(ladder.rows).flatMap((step) => canvas.step(step)),
    ...canvas.feet(),
    '',
    ...indented(accountLines(ladder.connections), width),
  ]
}

/** Beside the lanes, broken between words where a line is too long. */
function indented(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => wrap(line, width - MARGIN.length)).map((line) => MARGIN + line)
}

/** One row, or a call and what it caused right after it at another end. */
function stepsOf(rows: readonly Row[]): Row[][] {
  const steps: Row[][] = []
  for (const row of rows) {
    const before = steps.at(-1)
    const [cause] = before ?? []
    const [arrow] = row.arrows
    const follows =
      before?.length === 1 &&
      row.kind !== 'sum' &&
      row.arrows.length === 1 &&
      cause !== undefined &&
      cause.kind !== 'sum' &&
      cause.kind !== 'return' &&
      cause.arrows.length === 0 &&
      arrow?.cause === cause.call &&
      arrow.effect === row.call
    if (follows) before?.push(row)
    else steps.push([row])
  }
  return steps
}
