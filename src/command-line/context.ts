// What the command line hands to every program besides its own arguments.
import type { Terminal } from '../terminal/terminal.ts'

export interface Context {
  readonly terminal: Terminal
  /** Aborted when a signal asks the program to end. */
  readonly signal: AbortSignal
}
