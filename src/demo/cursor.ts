// How much of a program's calls and output has been shown, and how far a step's goal takes it.
import type { TraceCall } from '../trace/format.ts'
import type { Actor } from './actor.ts'
import type { Goal } from './play.ts'

/** What has been done since the last time; lines are whole, without their newline. */
export interface News {
  readonly calls: readonly TraceCall[]
  readonly lines: readonly string[]
  /** It is the end of the program that the step has waited for. */
  readonly hasEnded: boolean
}

export const NO_NEWS: News = { calls: [], lines: [], hasEnded: false }

export class Cursor {
  readonly #actor: Actor
  #calls = 0
  #output = 0
  /** A line that has no newline yet. */
  #line = ''

  constructor(actor: Actor) {
    this.#actor = actor
  }

  /** Whether all that the program has done so far has been taken. */
  get isAtEnd(): boolean {
    const { calls, output } = this.#actor
    return this.#calls === calls.length && this.#output === output.length
  }

  /** All that is new. */
  takeAll(): News {
    const { calls, output, status } = this.#actor
    return { ...this.#take(calls.length, output.length), hasEnded: status !== undefined }
  }

  /** All that belongs to the step, whatever has come besides; undefined while it is not all here. */
  reach({ call, output, ended }: Goal): { calls: number; output: number } | undefined {
    const actor = this.#actor
    if (ended) {
      const all = { calls: actor.calls.length, output: actor.output.length }
      return actor.status === undefined ? undefined : all
    }
    let [calls, end] = [this.#calls, this.#output]
    if (call !== undefined) {
      const index = actor.calls.slice(calls).findIndex(call)
      if (index < 0) return undefined
      calls += index + 1
    }
    if (output !== undefined) {
      const found = output.exec(actor.output.slice(end))
      if (found === null) return undefined
      end += found.index + found[0].length
    }
    return { calls, output: end }
  }

  /** Takes what belongs to the step. */
  take(goal: Goal): News {
    const reached = this.reach(goal)
    if (reached === undefined) return NO_NEWS
    return { ...this.#take(reached.calls, reached.output), hasEnded: goal.ended === true }
  }

  #take(calls: number, output: number): Omit<News, 'hasEnded'> {
    const newCalls = this.#actor.calls.slice(this.#calls, calls)
    const lines = (this.#line + this.#actor.output.slice(this.#output, output)).split('\n')
    this.#line = lines.pop() ?? ''
    this.#calls = calls
    this.#output = output
    return { calls: newCalls, lines }
  }
}
