// What the command line hands to every command besides its own arguments.
import type { Terminal } from '../../terminal/terminal.ts'

export interface Context {
  readonly terminal: Terminal
  /** Aborted when a signal asks the program to end. */
  readonly signal: AbortSignal
  /** Sets the exit code of a command that ends without an error; 0 if it is never called. */
  exitWith(code: number): void
}
