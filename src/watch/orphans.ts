// Lines of a process that come before its parent's fork has returned, and says whose child it is.
import type { Line } from './strace-line.ts'

/** A child whose parent's vfork does not return must be shown some time. */
const MAX_LINES = 1000

export class Orphans {
  readonly #lines = new Map<number, Line[]>()

  /** Keeps a line for later. Returns false where its process has waited for long enough. */
  keep(line: Line): boolean {
    const lines = this.#lines.get(line.thread) ?? []
    this.#lines.set(line.thread, lines)
    return lines.push(line) <= MAX_LINES
  }

  /** The lines of processes that are known now, the oldest of each first. */
  *takeKnown(isKnown: (process: number) => boolean): Generator<Line, void, void> {
    for (const [process, lines] of this.#lines) {
      if (!isKnown(process)) continue
      this.#lines.delete(process)
      yield* lines
    }
  }
}
