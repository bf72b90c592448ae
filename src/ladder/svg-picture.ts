// Draws what the picture shows: lanes, calls, bars where they blocked, and arrows between them.
import { wrap } from './columns.ts'
import type { Ladder, Lane, Row } from './ladder.ts'
import { titleOf } from './notes.ts'
import { arrow, type Element, element, LINE, textBox, textWidth } from './svg-elements.ts'
import { HEAD_HEIGHT, LANE_WIDTH, Layout, MARGIN, ROW_HEIGHT } from './svg-layout.ts'
import { drawLegend } from './svg-legend.ts'
import { labelOf, sentenceOf, wordsOf } from './words.ts'

const BAR_WIDTH = 10
const LEGEND_INDENT = 6
const NOTE_COLUMNS = Math.floor(LANE_WIDTH / textWidth('a')) - 2

/**
 * Returns all there is to see, with the lines of `foot` below it, and its size in pixels. What is
 * drawn later lies on top.
 */
export function drawPicture(ladder: Ladder, foot: readonly string[]) {
  const { lanes, rows } = ladder
  const layout = new Layout(ladder)
  const notes = lanes.map((lane) => drawEndNote(lane, layout))
  const noteLines = notes.reduce((most, note) => Math.max(most, note.length), 1)
  const width = layout.width - 2 * MARGIN
  const footTop = layout.bottom + noteLines * LINE + ROW_HEIGHT
  const lines = foot.flatMap((line) => wrap(line, Math.floor(width / textWidth('a')) - 2))
  const legendTop = footTop + lines.length * LINE + LINE / 2
  const legend = drawLegend(MARGIN + LEGEND_INDENT, legendTop, width - LEGEND_INDENT)
  const elements = [
    ...lanes.map((lane) => drawLane(lane, layout)),
    ...rows.flatMap((row) => drawBar(row, layout)),
    ...rows.flatMap((row) => {
      return row.arrows.flatMap(({ kind }, index) => arrow(layout.route(row, index), kind))
    }),
    ...rows.flatMap((row) => drawLabels(row, layout)),
    ...rows.map((row) => drawCall(row, layout)),
    ...lanes.flatMap((lane) => drawHead(lane, layout)),
    ...notes.flat(),
    ...lines.map((line, index) => {
      const frame = { x: MARGIN, y: footTop + index * LINE, width, height: LINE }
      return textBox(frame, line, { box: 'bare', text: 'label' })
    }),
    ...legend.elements,
  ]
  return { elements, width: layout.width, height: legend.bottom + MARGIN }
}

function drawLane(lane: Lane, layout: Layout): Element {
  const x = layout.x(lane)
  const look = lane.trace === undefined ? 'lane unknown' : 'lane'
  return element('line', look, { x1: x, x2: x, y1: MARGIN + HEAD_HEIGHT, y2: layout.bottom })
}

/** From the start of a call that blocked to its return, or to the end of the lane. */
function drawBar(row: Row, layout: Layout): Element[] {
  const isEndless = row.kind === 'start' && row.call.record.waiting === true
  if (row.kind !== 'return' && !isEndless) return []
  const begin = layout.beginning(row)
  const y = begin.y + begin.height
  const end = isEndless ? layout.bottom : layout.box(row).y
  const x = layout.x(row.call.lane) - BAR_WIDTH / 2
  return [element('rect', 'blocked', { x, y, width: BAR_WIDTH, height: Math.max(0, end - y) })]
}

/** The byte range, on the arrow, where it reaches what it brought. */
function drawLabels(row: Row, layout: Layout): Element[] {
  return row.arrows.flatMap((one, index) => {
    const text = labelOf(one)
    if (text === '') return []
    const { label } = layout.route(row, index)
    return [textBox(label, text, { box: 'label-box', text: 'label' }, 'middle')]
  })
}

function drawCall(row: Row, layout: Layout): Element {
  const words = wordsOf(row)
  const box = words.hasFailed ? 'call failed' : row.kind === 'sum' ? 'call sum' : 'call'
  const text = words.hasFailed ? 'failed-text' : 'text'
  return textBox(layout.box(row), sentenceOf(words), { box, text })
}

function drawHead(lane: Lane, layout: Layout): Element[] {
  const { name, address } = titleOf(lane)
  const half = HEAD_HEIGHT / 2
  const frame = { ...laneFrame(lane, layout), y: MARGIN, height: HEAD_HEIGHT }
  const [above, below] = [
    { ...frame, height: half + 4 },
    { ...frame, y: MARGIN + half - 2, height: half },
  ]
  return [
    element('rect', 'head', { rx: 6, ...frame }),
    textBox(above, name, { box: 'bare', text: 'name' }, 'middle'),
    textBox(below, address, { box: 'bare', text: 'text' }, 'middle'),
  ]
}

/** Below the lane's end. */
function drawEndNote(lane: Lane, layout: Layout): Element[] {
  const lines = wrap(lane.endNote, NOTE_COLUMNS).filter((line) => line !== '')
  return lines.map((line, index) => {
    const frame = { ...laneFrame(lane, layout), y: layout.bottom + index * LINE, height: LINE }
    return textBox(frame, line.trim(), { box: 'bare', text: 'label' }, 'middle')
  })
}

function laneFrame(lane: Lane, layout: Layout) {
  return { x: layout.x(lane) - LANE_WIDTH / 2, width: LANE_WIDTH }
}
