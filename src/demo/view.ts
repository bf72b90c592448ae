// What shows a play: lines for the reader, in answer to what happens on the stage.
import type { TraceCall } from '../trace/format.ts'
import type { Actor } from './actor.ts'
import type { News } from './cursor.ts'

/** Who waits, and in which call. */
export interface Waiting {
  readonly actor: Actor
  readonly call: TraceCall['call']
}

/** Each function gives the lines to print now. */
export interface View {
  begin(): string[]
  /** What is to be seen in the step that begins. */
  say(sentence: string): string[]
  /** These programs are blocked, each in that call. */
  waits(waiting: readonly Waiting[]): string[]
  /** The programs may have done something more. */
  progress(actors: readonly Actor[]): string[]
  /** The step is complete; `news` is what each program did in it, the server's first. */
  complete(news: readonly [Actor, News][]): string[]
  end(actors: readonly Actor[], closing: string): string[]
}
