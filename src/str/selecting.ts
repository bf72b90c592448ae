// --poll select: str-server sleeps until the operating system names those who have input.
import { Selector } from '../socket/selector.ts'
import type { Poll, Source } from './poll.ts'

/** The operating system tells who is ready (tutorial, section 7). */
export class Selecting implements Poll {
  readonly #selector = new Selector()

  add(source: Source): void {
    this.#selector.register(source)
  }

  remove(source: Source): void {
    this.#selector.unregister(source)
  }

  ready(): Promise<Source[]> {
    return this.#selector.select()
  }
}
