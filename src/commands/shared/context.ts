// What the command line hands to every command besides its own arguments.
import type { Terminal } from '../../terminal/terminal.ts'

export interface Context {
  readonly terminal: Terminal
  /** Aborted when a signal asks the program to end. */
  readonly signal: AbortSignal
  /** What a command that ends without an error exits with; 0 unless the command sets it. */
  exitCode: number
}
