// Places what the picture shows: lanes, calls, bars where they blocked, and arrows between them.
import { wrap } from './columns.ts'
import type { Arrow, Call, Ladder, Lane, Row } from './ladder.ts'
import {
  box,
  element,
  type Frame,
  LINE,
  overlap,
  type Route,
  shaft,
  textWidth,
} from './svg-elements.ts'
import { labelOf, titleOf, type Words, wordsOf } from './words.ts'

const MARGIN = 24
const LANE_WIDTH = 300
const GAP = 200
const HEAD_HEIGHT = 46
const ROW_HEIGHT = 26
const BOX_HEIGHT = 20
const LABEL_HEIGHT = 13
const BAR_WIDTH = 10
/** How far from its arrow's head a label may stand, as a part of the gap. */
const LABEL_PLACES = [0.5, 0.4, 0.6, 0.3, 0.7]

/** Places all there is to see; what is drawn later lies on top. */
export class Picture {
  readonly #ladder: Ladder
  readonly #foot: string[]
  readonly #y = new Map<Row, number>()
  /** Where each call stands: from its start to its return. */
  readonly #spans = new Map<Call, { top: number; bottom: number }>()
  readonly width: number
  readonly height: number
  readonly #bottom: number

  constructor(ladder: Ladder, foot: readonly string[]) {
    this.#ladder = ladder
    const count = ladder.lanes.length
    this.width = 2 * MARGIN + count * LANE_WIDTH + (count - 1) * GAP
    let y = MARGIN + HEAD_HEIGHT + ROW_HEIGHT
    for (const row of ladder.rows) {
      // each arrow of a row but the last has a line of its own, above it
      y += ROW_HEIGHT * Math.max(0, row.arrows.length - 1)
      this.#y.set(row, y)
      const span = this.#spans.get(row.call)
      this.#spans.set(row.call, { top: span?.top ?? y, bottom: y })
      y += ROW_HEIGHT
    }
    this.#bottom = y
    const letters = Math.floor((this.width - 2 * MARGIN) / textWidth('a')) - 2
    this.#foot = foot.flatMap((line) => wrap(line, letters))
    this.height = this.#bottom + ROW_HEIGHT + this.#foot.length * LINE + MARGIN
  }

  draw(): string[] {
    const { lanes, rows } = this.#ladder
    const labels: Frame[] = []
    return [
      ...lanes.map((lane) => this.#lifeline(lane)),
      ...rows.flatMap((row) => this.#bar(row)),
      ...rows.flatMap((row) => this.#shafts(row)),
      ...rows.flatMap((row) => row.arrows.map((_, index) => this.#label(row, index, labels))),
      ...rows.map((row) => this.#call(row)),
      ...lanes.flatMap((lane) => this.#head(lane)),
      ...this.#foot.map((line, index) => this.#footLine(line, index)),
    ]
  }

  #x(lane: Lane): number {
    const index = this.#ladder.lanes.indexOf(lane)
    return MARGIN + LANE_WIDTH / 2 + index * (LANE_WIDTH + GAP)
  }

  #lifeline(lane: Lane): string {
    const x = this.#x(lane)
    const name = lane.trace === undefined ? 'lane unknown' : 'lane'
    return element('line', {
      class: name,
      x1: x,
      x2: x,
      y1: MARGIN + HEAD_HEIGHT,
      y2: this.#bottom,
    })
  }

  /** From the start of a call that blocked to its return. */
  #bar(row: Row): string[] {
    const span = this.#spans.get(row.call)
    if (row.kind !== 'start' || span === undefined) return []
    const [x, height] = [this.#x(row.call.lane) - BAR_WIDTH / 2, span.bottom - span.top]
    const place = { x, y: span.top, width: BAR_WIDTH, height, rx: 3 }
    return [element('rect', { class: 'blocked', ...place })]
  }

  #shafts(row: Row): string[] {
    return row.arrows.map((arrow, index) => shaft(this.#route(row, index), arrow.kind))
  }

  /**
   * Bytes leave while their send lasts: the arrow begins in the send's span, slightly above where
   * it ends, or else at the send's end, from where they waited for the receiver.
   */
  #route(row: Row, index: number): Route {
    const { from, to, cause, effect } = row.arrows[index] as Arrow
    const rowY = this.#y.get(row) ?? 0
    const toY = rowY - (row.arrows.length - 1 - index) * ROW_HEIGHT
    const span = cause === undefined || effect === undefined ? undefined : this.#spans.get(cause)
    const { top, bottom } = span ?? { top: toY, bottom: toY }
    const fromY = Math.min(Math.max(toY - ROW_HEIGHT / 2, top), bottom)
    const direction = Math.sign(this.#x(to) - this.#x(from))
    const isBoxed = (lane: Lane, y: number) => lane === row.call.lane && y === rowY
    const isAtCall = span !== undefined && (fromY === top || fromY === bottom)
    const fromEdge = isAtCall || isBoxed(from, fromY) ? LANE_WIDTH / 2 : BAR_WIDTH / 2
    const toEdge = isBoxed(to, toY) ? LANE_WIDTH / 2 : 0
    return {
      from: { x: this.#x(from) + direction * fromEdge, y: fromY },
      to: { x: this.#x(to) - direction * toEdge, y: toY },
      direction,
    }
  }

  /** The byte range, on the arrow, in the gap before the lane that it goes to. */
  #label(row: Row, index: number, placed: Frame[]): string {
    const arrow = row.arrows[index] as Arrow
    const label = labelOf(arrow)
    if (label === '') return ''
    const { from, to, direction } = this.#route(row, index)
    const width = Math.min(textWidth(label) + 8, GAP - 24)
    const places = LABEL_PLACES.map((part): Frame => {
      const x = this.#x(arrow.to) - direction * (LANE_WIDTH / 2 + GAP * part)
      const y = from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x)
      return { x: x - width / 2, y: y - LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT }
    })
    // where arrows cross, their labels should not
    const free = places.find((place) => !placed.some((other) => overlap(place, other)))
    const place = free ?? (places[0] as Frame)
    placed.push(place)
    return box(place, label, { box: 'label-box', text: 'label' }, 'middle')
  }

  #call(row: Row): string {
    const words = wordsOf(row)
    const frame = {
      x: this.#x(row.call.lane) - LANE_WIDTH / 2,
      y: (this.#y.get(row) ?? 0) - BOX_HEIGHT / 2,
      width: LANE_WIDTH,
      height: BOX_HEIGHT,
    }
    const kind = words.hasFailed ? 'call failed' : row.kind === 'sum' ? 'call sum' : 'call'
    return box(frame, sentence(words), {
      box: kind,
      text: words.hasFailed ? 'failed-text' : 'text',
    })
  }

  #head(lane: Lane): string[] {
    const { name, address } = titleOf(lane)
    const x = this.#x(lane) - LANE_WIDTH / 2
    const half = HEAD_HEIGHT / 2
    const frame = { x, y: MARGIN, width: LANE_WIDTH, height: HEAD_HEIGHT }
    const note = lane.trace?.isCutShort ? `${address} (trace cut short)` : address
    return [
      element('rect', { class: 'head', rx: 6, ...frame }),
      box({ ...frame, height: half + 4 }, name, { box: 'bare', text: 'name' }, 'middle'),
      box(
        { ...frame, y: MARGIN + half - 2, height: half },
        note,
        { box: 'bare', text: 'text' },
        'middle',
      ),
    ]
  }

  #footLine(line: string, index: number): string {
    const y = this.#bottom + ROW_HEIGHT + index * LINE
    const frame = { x: MARGIN, y, width: this.width - 2 * MARGIN, height: LINE }
    return box(frame, line, { box: 'bare', text: 'label' })
  }
}

function sentence({ time, text, preview }: Words): string {
  return [time, text, preview].filter((part) => part !== '').join(' ')
}
