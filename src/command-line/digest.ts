// What happens often, told seldom: at most one line a second, so that a crowd can't fill the screen.

const PAUSE_MS = 1000

/** Tells of the first event at once, and after each second of those that came in it, together. */
export class Digest<Event> {
  readonly #tell: (count: number, last: Event) => void
  readonly #untilCalm: boolean
  #count = 0
  #last: Event | undefined
  #pause: NodeJS.Timeout | undefined
  #isOver = false

  /** `untilCalm`: tells once, and again only after a second in which nothing happened. */
  constructor(tell: (count: number, last: Event) => void, { untilCalm = false } = {}) {
    this.#tell = tell
    this.#untilCalm = untilCalm
  }

  add(event: Event): void {
    if (this.#isOver) return
    this.#count++
    this.#last = event
    if (this.#pause === undefined) this.#next()
  }

  /** Tells of what is left, and of nothing after. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#pause)
    if (this.#count > 0 && !this.#untilCalm) this.#tell(this.#count, this.#last as Event)
  }

  #next(): void {
    const [count, last] = [this.#count, this.#last as Event]
    this.#count = 0
    const isFirst = this.#pause === undefined
    this.#pause = setTimeout(() => {
      if (this.#count > 0) this.#next()
      else this.#pause = undefined
    }, PAUSE_MS).unref()
    if (isFirst || !this.#untilCalm) this.#tell(count, last)
  }
}
