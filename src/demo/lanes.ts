// The lanes of a ladder that grows downwards: a line for each program, heavy while it waits.
import { columnsOf, cut } from '../ladder/columns.ts'
import { joint } from '../ladder/joints.ts'

const MARGIN = ' '

/** How lanes, counted from 0, and waits are told apart by colour. */
export interface Paint {
  lane(lane: number, text: string): string
  waiting(text: string): string
}

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
    const cells = this.#names.map((name, lane) => this.#fill(` ${name}`, this.#paintOf(lane)))
    return `${MARGIN} ${cells.join(' ')}`.trimEnd()
  }

  /** Returns a row of all lanes, with what is new in some of them. */
  row(cells: Readonly<Record<string, LaneCell>>): string {
    const drawn = this.#names.map((name, lane) => {
      const before = this.#states.get(name) ?? 'absent'
      const { text = '', left = false, right = false, state = before } = cells[name] ?? {}
      this.#states.set(name, state)
      const [wasWaiting, isWaiting] = [before === 'waiting', state === 'waiting']
      const begins = before === 'absent' ? '┌' : joint(wasWaiting, isWaiting, { left, right })
      const ends = before === 'absent' ? ' ' : '└'
      const line = state === 'absent' ? ends : begins
      return (
        this.#paintOf(lane, wasWaiting || isWaiting)(line) +
        this.#fill(text, this.#paintOf(lane, isWaiting && !wasWaiting))
      )
    })
    return (MARGIN + drawn.join('')).trimEnd()
  }

  #paintOf(lane: number, isWait = false): (text: string) => string {
    return (text) => (isWait ? this.#paint.waiting(text) : this.#paint.lane(lane, text))
  }

  #fill(text: string, paint: (text: string) => string): string {
    const shown = cut(text.trimEnd(), this.columns)
    return paint(shown) + ' '.repeat(this.columns - columnsOf(shown))
  }
}
