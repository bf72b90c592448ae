// What a play is made of: who is in it, and its steps, each with a sentence and what it waits for.
import type { TraceCall } from '../trace/format.ts'

/** How far a step takes one program. It waits for this, never for time alone. */
export interface Goal {
  /** The first new call of which this is true; the step's calls end with it. */
  readonly call?: (call: TraceCall) => boolean
  /** What its new output must match; the step's output ends with the match. */
  readonly output?: RegExp
  /** It has ended, and all that it did and printed belongs to the step. */
  readonly ended?: true
}

/** What is done in a step. A program is known by its name in the play. */
export type Act =
  | { readonly start: string; readonly command: readonly string[] }
  | { readonly type: string; readonly keys: string }
  | { readonly interrupt: string }

export interface Step {
  /** What is to be seen, in a sentence of our own. */
  readonly say: string
  /** Who is blocked, and in which call, when the step begins: it waits for this, and shows it. */
  readonly waits?: Readonly<Record<string, TraceCall['call']>>
  readonly act?: Act
  readonly goals: Readonly<Record<string, Goal>>
}

export interface Play {
  readonly title: string
  /** The programs from left to right, so that who talk to each other stand side by side. */
  readonly lanes: readonly string[]
  /** A program of this machine without which the play can't be given. */
  readonly needs?: string
  readonly steps: readonly Step[]
  /** What to try next. */
  readonly closing: string
  /** A client's output, without what differs from run to run. */
  readonly maskOutput?: (lines: readonly string[]) => string[]
  /** Nonblocking calls that find nothing are a part of what it shows. */
  readonly showsWouldBlocks?: true
  /** How many bytes are sent differs from run to run. */
  readonly hasVaryingBytes?: true
}

/** The name of the server in every play. */
export const SERVER = 'server'

/** Stands in a command for the port on which the server listens. */
export const PORT = 'PORT'

/** A call of this name that has not failed. */
export function call(name: TraceCall['call']): (call: TraceCall) => boolean {
  return (candidate) => candidate.call === name && candidate.error === undefined
}

/** The close of a listener, or of a connection. */
export function closeOf(what: 'listener' | 'connection'): (call: TraceCall) => boolean {
  const isClose = call('close')
  return (candidate) =>
    isClose(candidate) && (candidate.remote === undefined) === (what === 'listener')
}
