// --poll nonblocking: str-server asks all of them again and again, and never sleeps.
import type { Poll, Source } from './poll.ts'

/** Everybody is asked in turn, again and again (tutorial, section 6); this burns a processor. */
export class Polling implements Poll {
  readonly #sources = new Set<Source>()

  add(source: Source): void {
    this.#sources.add(source)
  }

  remove(source: Source): void {
    this.#sources.delete(source)
  }

  async ready(): Promise<Source[]> {
    await new Promise((resolve) => setImmediate(resolve))
    return [...this.#sources]
  }
}
