// Where all of the picture stands: lanes, the boxes of rows, and arrows that keep out of each other's way.
import type { Arrow, Call, Ladder, Lane, Row } from './ladder.ts'
import { type Frame, type Point, TIP_LENGTH, textWidth } from './svg-elements.ts'
import { labelOf } from './words.ts'

export const MARGIN = 24
export const LANE_WIDTH = 300
export const HEAD_HEIGHT = 46
export const ROW_HEIGHT = 26
const BOX_HEIGHT = 20
/** A box is so much higher for each further arrow that ends at it. */
const ARROW_HEIGHT = 16
const LABEL_HEIGHT = 14
const LABEL_PADDING = 4
/** The middle of a gap, where arrows slope. */
const SLOPE_WIDTH = 80
/** Left and right of it they are level, with room for the longest label. */
const LEAST_LEVEL_WIDTH = 30

/** An arrow's way, and the place of its label. */
export interface Route {
  readonly points: readonly Point[]
  /** 1 to the right, -1 to the left. */
  readonly direction: number
  readonly label: Frame
}

/**
 * Each row has a height of its own, which no row of another lane shares. An arrow leaves its send
 * at the send's height, slopes in the middle of the gap beside it, and goes on at the height of
 * what it brought: so it meets no box and no label but its own.
 */
export class Layout {
  readonly #x: Map<Lane, number>
  readonly #boxes = new Map<Row, Frame>()
  /** Where a call begins: its first row, or the sum that it is part of. */
  readonly #begins = new Map<Call, Frame>()
  readonly #levelWidth: number
  readonly width: number
  /** Where the lanes end. */
  readonly bottom: number

  constructor(ladder: Ladder) {
    const labels = ladder.rows.flatMap(({ arrows }) => arrows.map(labelWidth))
    const longest = labels.reduce((most, width) => Math.max(most, width), 0)
    this.#levelWidth = Math.max(LEAST_LEVEL_WIDTH, longest + 2 * TIP_LENGTH)
    const distance = LANE_WIDTH + 2 * this.#levelWidth + SLOPE_WIDTH
    this.width = 2 * MARGIN + LANE_WIDTH + (ladder.lanes.length - 1) * distance
    const first = MARGIN + LANE_WIDTH / 2
    this.#x = new Map(ladder.lanes.map((lane, index) => [lane, first + index * distance]))
    let top = MARGIN + HEAD_HEIGHT + ROW_HEIGHT / 2
    for (const row of ladder.rows) {
      const height = BOX_HEIGHT + ARROW_HEIGHT * Math.max(0, row.arrows.length - 1)
      const frame = { x: this.x(row.call.lane) - LANE_WIDTH / 2, y: top, width: LANE_WIDTH, height }
      this.#boxes.set(row, frame)
      for (const call of row.kind === 'sum' ? row.calls : [row.call]) {
        if (!this.#begins.has(call)) this.#begins.set(call, frame)
      }
      top += height + ROW_HEIGHT - BOX_HEIGHT
    }
    this.bottom = top + ROW_HEIGHT / 2
  }

  /** Returns the middle of a lane. */
  x(lane: Lane): number {
    return this.#x.get(lane) ?? 0
  }

  /** Returns the box of a row. */
  box(row: Row): Frame {
    return this.#boxes.get(row) as Frame
  }

  /** Returns the box in which the row's call begins. */
  beginning(row: Row): Frame {
    return this.#begins.get(row.call) as Frame
  }

  /** Returns the way of one of the row's arrows. */
  route(row: Row, index: number): Route {
    const arrow = row.arrows[index] as Arrow
    const direction = Math.sign(this.x(arrow.to) - this.x(arrow.from))
    const edge = (lane: Lane, side: number) => this.x(lane) + (side * LANE_WIDTH) / 2
    const y = this.box(row).y + BOX_HEIGHT / 2 + index * ARROW_HEIGHT
    // What has no row of its own, for there is no trace of it, leaves or reaches the lane itself.
    const isSent = arrow.cause !== undefined
    const isReceived = arrow.effect !== undefined
    const source = isSent && isReceived ? this.#begins.get(arrow.cause) : undefined
    const from = isSent ? edge(arrow.from, direction) : this.x(arrow.from)
    const to = isReceived ? edge(arrow.to, -direction) : this.x(arrow.to)
    const bend = edge(arrow.from, direction) + direction * this.#levelWidth
    const points: Point[] = [{ x: to, y }]
    if (source === undefined) points.unshift({ x: from, y })
    else {
      const sentAt = source.y + source.height / 2
      const slope = [
        { x: bend, y: sentAt },
        { x: bend + direction * SLOPE_WIDTH, y },
      ]
      points.unshift({ x: from, y: sentAt }, ...slope)
    }
    const width = labelWidth(arrow)
    const before = edge(arrow.to, -direction) - direction * (TIP_LENGTH + LABEL_PADDING)
    const x = direction > 0 ? before - width : before
    return { points, direction, label: { x, y: y - LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT } }
  }
}

function labelWidth(arrow: Arrow): number {
  const label = labelOf(arrow)
  return label === '' ? 0 : textWidth(label) + 2 * LABEL_PADDING
}
