// The lanes of a ladder that grows downwards: a line for each program, heavy while it waits.
import { LANE_LINES } from '../ladder/canvas.ts'
import { cut, fill } from '../ladder/columns.ts'

const MARGIN = ' '

/** Returns the text in the colour of a lane, counted from 0, or of a wait. */
export type Paint = (text: string, colour: number | 'wait') => string

type State = 'absent' | 'running' | 'waiting'

/** What stands in one lane of a row. */
export interface LaneCell {
  readonly text?: string
  /** Marks on the lane's line for what is beside it. */
  readonly left?: boolean
  readonly right?: boolean
  /** What the program does from this row on. */
  readonly state?: State
}

export class Lanes {
  /** How many columns a lane has beside its line. */
  readonly columns: number
  readonly #names: readonly string[]
  readonly #paint: Paint
  readonly #states = new Map<string, State>()

  constructor(names: readonly string[], width: number, paint: Paint) {
    this.#names = names
    this.#paint = paint
    this.columns = Math.floor((width - MARGIN.length) / names.length) - 1
  }

  isLeftOf(name: string, other: string): boolean {
    return this.#names.indexOf(name) < this.#names.indexOf(other)
  }

  /** Returns the line with the names of the lanes. */
  head(): string {
    const cells = this.#names.map((name, lane) => this.#fill(` ${name}`, lane))
    return `${MARGIN} ${cells.join(' ')}`.trimEnd()
  }

  /** Returns a row of all lanes, with what is new in some of them. */
  row(cells: Readonly<Record<string, LaneCell>>): string {
    const drawn = this.#names.map((name, lane) => {
      const before = this.#states.get(name) ?? 'absent'
      const { text = '', left = false, right = false, state = before } = cells[name] ?? {}
      this.#states.set(name, state)
      const [wasWaiting, isWaiting] = [before === 'waiting', state === 'waiting']
      const weights = `${wasWaiting ? 'heavy' : 'light'} ${isWaiting ? 'heavy' : 'light'}` as const
      const runs = LANE_LINES[weights].charAt((right ? 1 : 0) + (left ? 2 : 0))
      const begins = before === 'absent' ? '┌' : runs
      const ends = before === 'absent' ? ' ' : '└'
      const line = state === 'absent' ? ends : begins
      const painted = this.#paint(line, wasWaiting || isWaiting ? 'wait' : lane)
      return painted + this.#fill(text, isWaiting && !wasWaiting ? 'wait' : lane)
    })
    return (MARGIN + drawn.join('')).trimEnd()
  }

  #fill(text: string, colour: number | 'wait'): string {
    return fill(this.#paint(cut(text.trimEnd(), this.columns), colour), this.columns)
  }
}
