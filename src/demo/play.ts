// What a play is made of: acts, each a ladder of its own, and steps that say what is to be seen.
import type { TraceCallName } from '../trace/format.ts'

export interface Play {
  readonly title: string
  readonly acts: readonly Act[]
  /** What to try next. */
  readonly closing: string
  /** How many bytes the server sends differs from run to run. */
  readonly hasVaryingBytes?: true
}

/** The programs of an act start in it, and none outlives it. */
export interface Act {
  /** The names of the programs from left to right; each client stands beside the server. */
  readonly lanes: readonly string[]
  readonly steps: readonly Step[]
}

export interface Step {
  readonly say: string
  readonly start?: readonly [program: string, command: string]
  /** Lines to type, each when the goals are reached after the one before. */
  readonly type?: readonly [program: string, ...lines: string[]]
  readonly until?: Readonly<Record<string, Goal | readonly Goal[]>>
}

/**
 * What a program's trace must show before the play goes on: that since the action the program has
 * begun to wait in a call, or has returned from it. The goals of a step leave every program at
 * rest, so that a play is the same each time.
 */
export type Goal = `waits in ${TraceCallName}` | `returns from ${TraceCallName}` | 'ends'

/** Typed at a program, it interrupts it. */
export const CONTROL_C = '\x03'
/** The name of the server in every play. */
export const SERVER = 'server'
/** Stands in a command for the port on which the server listens. */
export const PORT = 'PORT'
