// The lanes of a ladder that grows downwards: a line for each program, heavy while it waits.
import { cut, fill } from '../ladder/columns.ts'
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
    const cells = this.#names.map((name, lane) => this.#paint.lane(lane, this.#fill(` ${name}`)))
    return `${MARGIN} ${cells.join(' ')}`.trimEnd()
  }

  /** Returns a row of all lanes, with what is new in some of them. */
  row(cells: Readonly<Record<string, LaneCell>>): string {
    const drawn = this.#names.map((name, lane) => {
      const before = this.#states.get(name) ?? 'absent'
      const { text = '', left = false, right = false, state = before } = cells[name] ?? {}
      this.#states.set(name, state)
      const paint = (part: string, isWait: boolean) =>
        isWait ? this.#paint.waiting(part) : this.#paint.lane(lane, part)
      const [wasWaiting, isWaiting] = [before === 'waiting', state === 'waiting']
      const ends = before === 'absent' ? ' ' : '└'
      const begins = before === 'absent' ? '┌' : joint(wasWaiting, isWaiting, { left, right })
      const line = paint(state === 'absent' ? ends : begins, wasWaiting || isWaiting)
      return line + paint(this.#fill(text), isWaiting && !wasWaiting)
    })
    return (MARGIN + drawn.join('')).trimEnd()
  }

  #fill(text: string): string {
    return fill(cut(text.trimEnd(), this.columns), this.columns)
  }
}
