// The ladder diagram for a terminal: lanes as columns, time downwards, a heavy line where one waits.
import { chooseRows, splitByConnection, type WholeLadder } from './build.ts'
import { Canvas, MARGIN } from './canvas.ts'
import { wrap } from './columns.ts'
import type { Ladder, Row } from './ladder.ts'
import { areNeighbours } from './lanes.ts'
import { accountLines, LEGEND } from './notes.ts'
import { withOneArrow } from './rows.ts'

/** A diagram is never narrower than this. */
export const MIN_WIDTH = 60
/** A lane with less than this says too little: the connections get a ladder each. */
const MIN_LANE = 25

/** The diagram in lines of at most `width` columns, each with its newline. */
export function textLadder(
  whole: WholeLadder,
  { width, all = false }: { width: number; all?: boolean | undefined },
): string {
  const { lanes, connections } = whole
  const room = Math.max(width, MIN_WIDTH)
  const fits = room / lanes.length >= MIN_LANE
  const legend = indented([LEGEND, 'A heavy line (┃): blocked in a call.'], room)
  if (fits && areNeighbours(lanes, connections)) {
    return [...draw(chooseRows(whole, { all }), room), '', ...legend, ''].join('\n')
  }
  const parts = splitByConnection(whole)
  const lines = parts.flatMap((part, index) => {
    const drawn = draw(chooseRows(part, { all }), room)
    return [`Connection ${index + 1} of ${parts.length}`, '', ...drawn, '']
  })
  return [...lines, ...legend, ''].join('\n')
}

function draw(whole: Ladder, width: number): string[] {
  const ladder = { ...whole, rows: withOneArrow(whole.rows) }
  const canvas = new Canvas(ladder, width)
  return [
    ...canvas.heads(),
    ...steps(ladder).flatMap((step) => canvas.step(step)),
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
function steps({ rows }: Ladder): Row[][] {
  const result: Row[][] = []
  for (const row of rows) {
    const before = result.at(-1)
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
    else result.push([row])
  }
  return result
}
