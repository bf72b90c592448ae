// What a role is made of: named steps, each over a partner and a program, and how one fails.
import type { Session } from './session.ts'

/** One thing that a role requires, shown with a program of its own. */
export interface Step {
  readonly name: string
  /** The section of the tutorial that explains it. */
  readonly section: string
  /** Asked by `--strict` only. */
  readonly strict?: true
  /**
   * Resolves if the program does what the step requires; the text, if any, says what could not be
   * looked at on this system. Rejects with Unmet if the program does not.
   */
  run(session: Session): Promise<string | undefined>
}

/** The program did not do what a step expects. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
  readonly expected: string
  readonly came: string

  constructor(expected: string, came: string, options?: ErrorOptions) {
    super(`expected ${expected}; came ${came}`, options)
    this.expected = expected
    this.came = came
  }
}

/** Nothing can be said of the program: it does not start, or never lets a partner connect. */
export class Uncheckable extends Error {
  override readonly name = 'Uncheckable'
}
