// The lanes of a diagram in a terminal: their columns, and the lines that are drawn across them.
import { rangeOf } from './arrows.ts'
import { type Cell, drawCell, wishOf } from './cells.ts'
import { columnsOf, cut, fill, wrap } from './columns.ts'
import { joint, UNKNOWN_LINE } from './joints.ts'
import type { Arrow, Call, Ladder, Lane, Row } from './ladder.ts'
import { endNoteOf, titleOf } from './notes.ts'
import { labelOf, range, wordsOf } from './words.ts'

export const MARGIN = ' '
/** The last lane has no arrow on its right, and leaves the others so much room. */
const ARROW_ROOM = 4

/** The columns of the lanes, and which of them are blocked at the line that is drawn next. */
export class Canvas {
  readonly #lanes: readonly Lane[]
  readonly #columns: number[]
  readonly #times: number[]
  readonly #blocked: Map<Lane, Set<Call>>

  constructor({ lanes, rows }: Ladder, width: number) {
    this.#lanes = lanes
    this.#blocked = new Map(lanes.map((lane) => [lane, new Set()]))
    this.#times = lanes.map((lane) => {
      const own = rows.filter((row) => row.call.lane === lane)
      return own.reduce((most, row) => Math.max(most, wordsOf(row).time.length), 0)
    })
    this.#columns = this.#share(rows, width - MARGIN.length)
  }

  heads(): string[] {
    const titles = this.#lanes.map(titleOf)
    const head = (first: string, texts: string[]) =>
      this.#line(
        this.#lanes.map((lane) => (lane.trace === undefined ? UNKNOWN_LINE : first)),
        texts.map((text, lane) => {
          const columns = this.#columns[lane] ?? 0
          return fill(` ${cut(text, columns - 2)}`, columns)
        }),
      )
    const [names, addresses] = [titles.map(({ name }) => name), titles.map((t) => t.address)]
    return [
      head('┌', names),
      head('│', addresses),
      head(
        '│',
        titles.map(() => ''),
      ),
    ]
  }

  feet(): string[] {
    const ends = this.#lanes.map(({ trace }) => (trace === undefined ? UNKNOWN_LINE : '└'))
    const notes = this.#lanes.map((lane, index) =>
      wrap(endNoteOf(lane), (this.#columns[index] ?? 0) - 2),
    )
    const lines = Math.max(...notes.map((note) => note.length))
    return Array.from({ length: lines }, (_, line) => {
      const texts = this.#columns.map((columns, lane) => {
        return fill(` ${cut(notes[lane]?.[line] ?? '', columns - 2)}`, columns)
      })
      return this.#line(line === 0 ? ends : ends.map(() => ' '), texts)
    })
  }

  /** The lines of a step. What does not fit into one line gets one for each arrow and each row. */
  step(rows: readonly Row[]): string[] {
    const row = rows.at(-1) as Row
    const others = row.arrows.slice(0, -1)
    const last = row.arrows.at(-1)
    const together = others.length === 0 ? this.#draw(rows, last) : undefined
    if (together !== undefined) return [together]
    if (rows.length > 1) return rows.flatMap((one) => this.step([one]))
    const arrows = others.flatMap((arrow) => this.#draw([], arrow) ?? [])
    const joined = this.#draw(rows, last)
    if (joined !== undefined) return [...arrows, joined]
    const alone = [this.#draw([], last), this.#draw(rows, undefined)].map((line) => line ?? '')
    // What goes to a peer without a trace stands below its send.
    return [
      ...arrows,
      ...(last?.cause === row.call && last.effect === undefined ? this.#sent(row, last) : alone),
    ]
  }

  #sent(row: Row, arrow: Arrow): string[] {
    const text = this.#draw([row], undefined) ?? ''
    return [text, this.#draw([], arrow) ?? '']
  }

  #draw(rows: readonly Row[], arrow: Arrow | undefined): string | undefined {
    const cells = this.#cells(rows, arrow)
    const drawn = cells.map((cell, lane) =>
      drawCell(cell, this.#columns[lane] ?? 0, this.#times[lane] ?? 0),
    )
    if (drawn.includes(undefined)) return undefined
    const above = this.#lanes.map((lane) => this.#isBlocked(lane))
    for (const row of rows) this.#pass(row)
    const joints = this.#lanes.map((lane, index) => {
      const { words, arrow: own } = cells[index] ?? {}
      const left = cells[index - 1]?.arrow?.isToRight === false
      const right = words !== undefined || own?.isToRight === true
      if (lane.trace === undefined) return UNKNOWN_LINE
      return joint(above[index] ?? false, this.#isBlocked(lane), { left, right })
    })
    return this.#line(joints, drawn as string[])
  }

  #cells(rows: readonly Row[], arrow: Arrow | undefined): Cell[] {
    const cells: Cell[] = this.#lanes.map(() => ({}))
    for (const row of rows) {
      const cell = cells[this.#lanes.indexOf(row.call.lane)]
      if (cell !== undefined) cell.words = wordsOf(row)
    }
    if (arrow !== undefined) {
      const [from, to] = [this.#lanes.indexOf(arrow.from), this.#lanes.indexOf(arrow.to)]
      const cell = cells[Math.min(from, to)]
      const row = rows.find(({ call }) => this.#lanes.indexOf(call.lane) === Math.min(from, to))
      const label = labelOf(arrow)
      const isToldByWords =
        row !== undefined &&
        row.kind !== 'sum' &&
        (arrow.kind === 'data' ? range(...rangeOf(row.call)) === label : true)
      if (cell !== undefined) cell.arrow = { label, isToRight: from < to, isToldByWords }
    }
    return cells
  }

  /** Equal columns, as wide as they wish, or as there is room. */
  #share(rows: readonly Row[], width: number): number[] {
    const count = this.#lanes.length
    let wish = Math.max(...this.#lanes.map((lane) => columnsOf(titleOf(lane).name) + 3))
    for (const row of rows) {
      this.#cells([row], row.arrows.at(-1)).forEach((cell, lane) => {
        wish = Math.max(wish, wishOf(cell, this.#times[lane] ?? 0) + 1)
      })
    }
    const fair = Math.floor((width + (count > 1 ? ARROW_ROOM : 0)) / count)
    const column = Math.min(fair, wish)
    return this.#lanes.map((_, lane) => {
      const isLast = lane === count - 1
      return (isLast ? Math.min(column, width - column * (count - 1)) : column) - 1
    })
  }

  #isBlocked(lane: Lane): boolean {
    return (this.#blocked.get(lane)?.size ?? 0) > 0
  }

  #pass({ kind, call }: Row): void {
    if (kind === 'start') this.#blocked.get(call.lane)?.add(call)
    if (kind === 'return') this.#blocked.get(call.lane)?.delete(call)
  }

  #line(joints: readonly string[], cells: readonly string[]): string {
    return (MARGIN + joints.map((one, lane) => one + (cells[lane] ?? '')).join('')).trimEnd()
  }
}
