// Gives a play: starts the programs, types the keys, waits for what each step is to bring.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { TraceCall } from '../trace/format.ts'
import { Actor, DemoError } from './actor.ts'
import { Cursor, type News, NO_NEWS } from './cursor.ts'
import { type Act, type Play, PORT, SERVER, type Step } from './play.ts'
import type { View } from './view.ts'

/** How often the traces are looked at. */
const LOOK_EVERY_MS = 50
/** A step that is not complete by then never will be. */
const PATIENCE_MS = 30_000

interface StageOptions {
  readonly paceMs: number
  readonly view: View
  readonly print: (lines: readonly string[]) => Promise<void>
  readonly signal: AbortSignal
}

export class Stage {
  readonly #options: StageOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'pynet-demo-'))
  readonly #actors = new Map<string, Actor>()
  readonly #cursors = new Map<Actor, Cursor>()
  /** The last resort, should the process be ended before `close` has done its work. */
  readonly #endNow = () => {
    for (const actor of this.#actors.values()) actor.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  constructor(options: StageOptions) {
    this.#options = options
    process.once('exit', this.#endNow)
  }

  /** Gives the play from its first step to its last. Rejects with DemoError where that can't be. */
  async give({ steps, closing }: Play): Promise<void> {
    const { view, print, paceMs, signal } = this.#options
    await print(view.begin())
    for (const step of steps) {
      await print(view.say(step.say))
      if (step.waits !== undefined) await this.#showWaits(step.waits)
      await this.#pause(paceMs)
      signal.throwIfAborted()
      if (step.act !== undefined) this.#do(step.act)
      // what was done comes before all that follows from it
      await print(view.progress(this.#inOrder()))
      await this.#wait((ended) => this.#firstMissing(step, ended))
      await print([...view.progress(this.#inOrder()), ...view.complete(this.#take(step))])
      await this.#pause(paceMs)
    }
    await print(view.end(this.#inOrder(), closing))
  }

  /** Ends what still runs, and waits for that; leaves no file behind. */
  async close(): Promise<void> {
    for (const actor of this.#actors.values()) actor.kill()
    await Promise.all([...this.#actors.values()].map((actor) => actor.closed))
    process.off('exit', this.#endNow)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await pause(ms, undefined, { signal: this.#options.signal })
  }

  #do(act: Act): void {
    if ('start' in act) {
      const port = this.#actors.get(SERVER)?.calls.find(({ call }) => call === 'listen')
        ?.local?.port
      const command = act.command.map((word) => (word === PORT ? String(port) : word))
      const actor = new Actor(act.start, command, join(this.#folder, act.start))
      this.#actors.set(act.start, actor)
      this.#cursors.set(actor, new Cursor(actor))
    } else if ('type' in act) {
      this.#actors.get(act.type)?.type(act.keys)
    } else {
      this.#actors.get(act.interrupt)?.interrupt()
    }
  }

  /** Who is said to be blocked really is: the program's own trace has told so. */
  async #showWaits(waits: NonNullable<Step['waits']>): Promise<void> {
    const { view, print } = this.#options
    const isWaiting = ([name, call]: [string, TraceCall['call']]) =>
      this.#actors.get(name)?.isBlockedIn(call) === true
    await this.#wait(() => Object.entries(waits).find((each) => !isWaiting(each))?.[0])
    const waiting = Object.entries(waits).flatMap(([name, call]) => {
      const actor = this.#actors.get(name)
      return actor === undefined ? [] : [{ actor, call }]
    })
    await print(view.waits(waiting))
  }

  /** Shows what comes, until `missing` names no program any more that has not done its part. */
  async #wait(missing: (ended: readonly Actor[]) => string | undefined): Promise<void> {
    const { view, print, signal } = this.#options
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      // Who has ended before we look has written all of its trace.
      const ended = this.#inOrder().filter(({ status }) => status !== undefined)
      for (const actor of this.#actors.values()) actor.follow()
      await print(view.progress(this.#inOrder()))
      for (const actor of ended) actor.check()
      const name = missing(ended)
      if (name === undefined) return
      const late = this.#actors.get(name)
      const what = `"${late?.commandLine ?? name}"`
      if (late !== undefined && ended.includes(late)) throw new DemoError(`${what} ended too soon`)
      if (performance.now() > deadline) {
        throw new DemoError(`${what} did nothing for ${PATIENCE_MS / 1000} s`)
      }
      await pause(LOOK_EVERY_MS, undefined, { signal })
    }
  }

  /** The first program that has not reached its goal in the step. */
  #firstMissing(step: Step, ended: readonly Actor[]): string | undefined {
    const missing = Object.entries(step.goals).find(([name, goal]) => {
      const actor = this.#actors.get(name)
      if (actor === undefined) return true
      if (goal.ended && !ended.includes(actor)) return true
      return this.#cursors.get(actor)?.reach(goal) === undefined
    })
    return missing?.[0]
  }

  #take(step: Step): [Actor, News][] {
    return this.#inOrder().map((actor) => {
      const goal = step.goals[actor.name]
      const news = goal === undefined ? undefined : this.#cursors.get(actor)?.take(goal)
      return [actor, news ?? NO_NEWS]
    })
  }

  /** The server starts first in every play. */
  #inOrder(): Actor[] {
    return [...this.#actors.values()]
  }
}
