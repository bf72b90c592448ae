// The lanes of a diagram in a terminal: their columns, and the lines that are drawn across them.
import { type Cell, drawCell } from './cells.ts'
import { cut, fill, wrap } from './columns.ts'
import type { Arrow, Call, Ladder, Lane, Row } from './ladder.ts'
import { titleOf } from './notes.ts'
import { labelOf, wordsOf } from './words.ts'

export const MARGIN = ' '
/** The last lane has no arrow on its right, and leaves the others so much room. */
const ARROW_ROOM = 4
/** Wide enough for what most calls have to say, and an arrow. */
const MAX_LANE = 56
/** A lane of which there is no trace. */
const UNKNOWN_LINE = '┆'

/** A lane's line: light while the program runs, heavy while a call blocks; with a branch or two. */
export const LANE_LINES = {
  'light light': '│├┤┼',
  'light heavy': '╽┟┧╁',
  'heavy light': '╿┞┦╀',
  'heavy heavy': '┃┠┨╂',
}

/** How wide a lane is beside its line, and how wide the times are in it. */
export interface LaneColumns {
  readonly columns: number
  readonly timeColumns: number
}

/** Returns equal columns for the lanes, as wide as there is room, and as is of use. */
export function shareWidth({ lanes, rows }: Ladder, width: number): LaneColumns[] {
  const [count, room] = [lanes.length, width - MARGIN.length]
  const fair = Math.min(MAX_LANE, Math.floor((room + (count > 1 ? ARROW_ROOM : 0)) / count))
  return lanes.map((lane, index) => {
    const own = index === count - 1 ? Math.min(fair, room - fair * (count - 1)) : fair
    const times = rows.filter(({ call }) => call.lane === lane).map((row) => wordsOf(row).time)
    const timeColumns = times.reduce((most, time) => Math.max(most, time.length), 0)
    return { columns: own - 1, timeColumns }
  })
}

/** Draws row by row, from top to bottom, and knows which lanes are blocked at the next line. */
export class Canvas {
  readonly #lanes: readonly Lane[]
  readonly #columns: readonly LaneColumns[]
  readonly #blocked: Map<Lane, Set<Call>>

  constructor(lanes: readonly Lane[], columns: readonly LaneColumns[]) {
    this.#lanes = lanes
    this.#columns = columns
    this.#blocked = new Map(lanes.map((lane) => [lane, new Set()]))
  }

  /** Returns the names of the lanes, their addresses, and an empty line. */
  heads(): string[] {
    const titles = this.#lanes.map(titleOf)
    const [names, addresses] = [titles.map(({ name }) => name), titles.map((one) => one.address)]
    const lines = (line: string) => {
      return this.#lanes.map(({ trace }) => (trace === undefined ? UNKNOWN_LINE : line))
    }
    const [begins, goesOn] = [lines('┌'), lines('│')]
    return [this.#texts(begins, names), this.#texts(goesOn, addresses), this.#texts(goesOn, [])]
  }

  /** Returns the ends of the lanes, and what is to be said of them. */
  feet(): string[] {
    const ends = this.#lanes.map((lane) => {
      if (lane.trace === undefined) return UNKNOWN_LINE
      return this.#isBlocked(lane) ? '┖' : '└'
    })
    const notes = this.#lanes.map((lane, index) => {
      return wrap(lane.endNote, (this.#columns[index]?.columns ?? 0) - 2)
    })
    const lines = Math.max(...notes.map((note) => note.length))
    return Array.from({ length: lines }, (_, line) => {
      const texts = notes.map((note) => note[line] ?? '')
      return this.#texts(line === 0 ? ends : ends.map(() => ' '), texts)
    })
  }

  /**
   * Returns the lines of a step: one row, or a call and the row of what it brought right after it.
   * What does not fit into one line gets one for each arrow and each row.
   */
  step(rows: readonly Row[]): string[] {
    const row = rows.at(-1) as Row
    const others = row.arrows.slice(0, -1)
    const last = row.arrows.at(-1)
    const together = others.length === 0 ? this.#draw(rows, last) : undefined
    if (together !== undefined) return [together]
    if (rows.length > 1) return rows.flatMap((one) => this.step([one]))
    const lines = others.map((arrow) => this.#draw([], arrow))
    const joined = this.#draw(rows, last)
    if (joined !== undefined) lines.push(joined)
    // What goes to a peer without a trace stands below its send.
    else if (last?.effect === undefined) {
      lines.push(this.#draw(rows, undefined), this.#draw([], last))
    } else lines.push(this.#draw([], last), this.#draw(rows, undefined))
    return lines.map((line) => line ?? '')
  }

  #draw(rows: readonly Row[], arrow: Arrow | undefined): string | undefined {
    const cells = cellsOf(this.#lanes, rows, arrow)
    const drawn = cells.map((cell, index) => {
      const { columns = 0, timeColumns = 0 } = this.#columns[index] ?? {}
      return drawCell(cell, columns, timeColumns)
    })
    if (drawn.includes(undefined)) return undefined
    const wereBlocked = this.#lanes.map((lane) => this.#isBlocked(lane))
    for (const { kind, call } of rows) {
      if (kind === 'start') this.#blocked.get(call.lane)?.add(call)
      if (kind === 'return') this.#blocked.get(call.lane)?.delete(call)
    }
    const lines = this.#lanes.map((lane, index) => {
      if (lane.trace === undefined) return UNKNOWN_LINE
      const { words, arrow: own } = cells[index] ?? {}
      const hasLeft = cells[index - 1]?.arrow?.isToRight === false
      const hasRight = words !== undefined || own?.isToRight === true
      const above = wereBlocked[index] ? 'heavy' : 'light'
      const below = this.#isBlocked(lane) ? 'heavy' : 'light'
      return LANE_LINES[`${above} ${below}`].charAt((hasRight ? 1 : 0) + (hasLeft ? 2 : 0))
    })
    return this.#line(lines, drawn as string[])
  }

  #isBlocked(lane: Lane): boolean {
    return (this.#blocked.get(lane)?.size ?? 0) > 0
  }

  #texts(lines: readonly string[], texts: readonly string[]): string {
    const cells = this.#columns.map(({ columns }, lane) => {
      return fill(` ${cut(texts[lane] ?? '', columns - 2)}`, columns)
    })
    return this.#line(lines, cells)
  }

  #line(lines: readonly string[], cells: readonly string[]): string {
    return (MARGIN + lines.map((one, lane) => one + (cells[lane] ?? '')).join('')).trimEnd()
  }
}

/** What stands beside each lane's line: its own row, and the arrow between it and the next lane. */
function cellsOf(lanes: readonly Lane[], rows: readonly Row[], arrow: Arrow | undefined): Cell[] {
  const cells: { -readonly [Part in keyof Cell]: Cell[Part] }[] = lanes.map(() => ({}))
  for (const row of rows) {
    const cell = cells[lanes.indexOf(row.call.lane)]
    if (cell !== undefined) cell.words = wordsOf(row)
  }
  if (arrow === undefined) return cells
  const [from, to] = [lanes.indexOf(arrow.from), lanes.indexOf(arrow.to)]
  const cell = cells[Math.min(from, to)]
  if (cell !== undefined) {
    cell.arrow = { kind: arrow.kind, label: labelOf(arrow), isToRight: from < to }
  }
  return cells
}
