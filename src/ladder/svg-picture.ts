// Draws what the picture shows: lanes, calls, bars where they blocked, and arrows between them.
import { wrap } from './columns.ts'
import type { Ladder, Lane, Row } from './ladder.ts'
import { endNoteOf, titleOf } from './notes.ts'
import { box, element, LINE, shaft, textWidth } from './svg-elements.ts'
import { HEAD_HEIGHT, LANE_WIDTH, Layout, MARGIN, ROW_HEIGHT } from './svg-layout.ts'
import { Legend } from './svg-legend.ts'
import { labelOf, sentenceOf, wordsOf } from './words.ts'

const BAR_WIDTH = 10
const LEGEND_INDENT = 6
const NOTE_LETTERS = Math.floor(LANE_WIDTH / textWidth('a')) - 2

/** All there is to see; what is drawn later lies on top. */
export class Picture {
  readonly #ladder: Ladder
  readonly #layout: Layout
  readonly #foot: string[]
  readonly #legend: Legend
  readonly #endNotes: string[][]
  readonly #footTop: number
  readonly width: number
  readonly height: number

  constructor(ladder: Ladder, foot: readonly string[]) {
    this.#ladder = ladder
    this.#layout = new Layout(ladder)
    this.width = this.#layout.width
    const letters = Math.floor((this.width - 2 * MARGIN) / textWidth('a')) - 2
    this.#foot = foot.flatMap((line) => wrap(line, letters))
    this.#endNotes = ladder.lanes.map((lane) => wrap(endNoteOf(lane), NOTE_LETTERS))
    const noteLines = Math.max(...this.#endNotes.map((note) => note.length))
    this.#footTop = this.#layout.bottom + noteLines * LINE + ROW_HEIGHT
    this.#legend = new Legend(this.width - 2 * MARGIN - LEGEND_INDENT)
    this.height = this.#footY(this.#foot.length) + LINE / 2 + this.#legend.height + MARGIN
  }

  draw(): string[] {
    const { lanes, rows } = this.#ladder
    return [
      ...lanes.map((lane) => this.#lifeline(lane)),
      ...rows.flatMap((row) => this.#bar(row)),
      ...rows.flatMap((row) => this.#arrows(row)),
      ...rows.flatMap((row) => this.#labels(row)),
      ...rows.map((row) => this.#call(row)),
      ...lanes.flatMap((lane) => this.#head(lane)),
      ...lanes.flatMap((lane, index) => this.#endNote(lane, index)),
      ...this.#foot.map((line, index) => this.#footLine(line, index)),
      ...this.#legend.draw(MARGIN + LEGEND_INDENT, this.#footY(this.#foot.length) + LINE / 2),
    ]
  }

  #lifeline(lane: Lane): string {
    const x = this.#layout.x(lane)
    const name = lane.trace === undefined ? 'lane unknown' : 'lane'
    const [y1, y2] = [MARGIN + HEAD_HEIGHT, this.#layout.bottom]
    return element('line', { class: name, x1: x, x2: x, y1, y2 })
  }

  /** From the start of a call that blocked to its return. */
  #bar(row: Row): string[] {
    if (row.kind !== 'return') return []
    const [begin, end] = [this.#layout.beginning(row), this.#layout.box(row)]
    const [x, y] = [this.#layout.x(row.call.lane) - BAR_WIDTH / 2, begin.y + begin.height]
    const place = { x, y, width: BAR_WIDTH, height: Math.max(0, end.y - y) }
    return [element('rect', { class: 'blocked', ...place })]
  }

  #arrows(row: Row): string[] {
    return row.arrows.map(({ kind }, index) => shaft(this.#layout.route(row, index), kind))
  }

  /** The byte range, on the arrow, where it reaches what it brought. */
  #labels(row: Row): string[] {
    return row.arrows.flatMap((arrow, index) => {
      const text = labelOf(arrow)
      if (text === '') return []
      const { label } = this.#layout.route(row, index)
      return [box(label, text, { box: 'label-box', text: 'label' }, 'middle')]
    })
  }

  #call(row: Row): string {
    const words = wordsOf(row)
    const kind = words.hasFailed ? 'call failed' : row.kind === 'sum' ? 'call sum' : 'call'
    return box(this.#layout.box(row), sentenceOf(words), {
      box: kind,
      text: words.hasFailed ? 'failed-text' : 'text',
    })
  }

  #head(lane: Lane): string[] {
    const { name, address } = titleOf(lane)
    const x = this.#layout.x(lane) - LANE_WIDTH / 2
    const half = HEAD_HEIGHT / 2
    const frame = { x, y: MARGIN, width: LANE_WIDTH, height: HEAD_HEIGHT }
    return [
      element('rect', { class: 'head', rx: 6, ...frame }),
      box({ ...frame, height: half + 4 }, name, { box: 'bare', text: 'name' }, 'middle'),
      box(
        { ...frame, y: MARGIN + half - 2, height: half },
        address,
        { box: 'bare', text: 'text' },
        'middle',
      ),
    ]
  }

  /** Below the lane's end. */
  #endNote(lane: Lane, index: number): string[] {
    const x = this.#layout.x(lane) - LANE_WIDTH / 2
    const lines = (this.#endNotes[index] ?? []).filter((line) => line !== '')
    return lines.map((line, row) => {
      const frame = { x, y: this.#layout.bottom + row * LINE, width: LANE_WIDTH, height: LINE }
      return box(frame, line.trim(), { box: 'bare', text: 'label' }, 'middle')
    })
  }

  #footLine(line: string, index: number): string {
    const frame = { x: MARGIN, y: this.#footY(index), width: this.width - 2 * MARGIN, height: LINE }
    return box(frame, line, { box: 'bare', text: 'label' })
  }

  #footY(index: number): number {
    return this.#footTop + index * LINE
  }
}
