// What every part of the fuzz run is given: its chance, its time, and where it counts.
import type { Counts } from '../support/outcome.ts'
import type { Random } from '../support/random.ts'

export interface Lane {
  readonly random: Random
  readonly counts: Counts
  /** For how long a started process may live, whatever happens. */
  readonly deadlineMs: number
  /** Whether the time for new work is over. */
  isOver(): boolean
  /** Says what the lane is at, for the report of a failure. */
  at(actor: string): void
  /** Adds a line to the summary. */
  note(line: string): void
}

/** A part of the run: it works until its time is over, and throws at the first failure. */
export interface LaneOfRun {
  readonly name: string
  run(lane: Lane): Promise<void>
}
