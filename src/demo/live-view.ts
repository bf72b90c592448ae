// Shows a play as a ladder that grows: a lane for each program, with its calls and its output.
import { wrap } from '../ladder/columns.ts'
import { bytesOf } from '../trace/amounts.ts'
import type { TraceCall } from '../trace/format.ts'
import type { Actor } from './actor.ts'
import { Cursor } from './cursor.ts'
import { Lanes } from './lanes.ts'
import type { Play } from './play.ts'
import { type Happening, Sequence } from './sequence.ts'
import type { View, Waiting } from './view.ts'

/** More of a kind in a row are shown as the first few, and a sum. */
const SHOWN_IN_A_ROW = 4
const LEAST_SUMMED = 4

const LEGEND =
  'A lane for each program, with its calls as they return (seconds since it started), and what it prints (>). An arrow [a:b] brings bytes a to b−1 of what that end has sent.'

export class LiveView implements View {
  readonly #play: Play
  readonly #width: number
  readonly #lanes: Lanes
  readonly #sequence = new Sequence()
  readonly #cursors = new Map<Actor, Cursor>()
  readonly #started = new Set<Actor>()
  readonly #unshown = new Map<Actor, string[]>()
  readonly #left = new Set<Actor>()
  #isAfterSentence = false

  constructor(play: Play, width: number) {
    this.#play = play
    this.#width = width
    this.#lanes = new Lanes(play.lanes, width)
  }

  begin(): string[] {
    return [
      `pynet demo: ${this.#play.title}`,
      '',
      ...this.#paragraph(LEGEND),
      '',
      this.#lanes.titles(),
    ]
  }

  say(sentence: string): string[] {
    this.#isAfterSentence = true
    return ['', ...this.#paragraph(sentence)]
  }

  waits(waiting: readonly Waiting[]): string[] {
    const rows = waiting.flatMap(({ actor, call }) => this.#lanes.waits(actor.name, call))
    return this.#spaced(rows)
  }

  progress(actors: readonly Actor[]): string[] {
    return this.#spaced(this.#rows(actors, { isLast: false }))
  }

  complete(): string[] {
    return []
  }

  end(actors: readonly Actor[], closing: string): string[] {
    const rows = this.#spaced(this.#rows(actors, { isLast: true }))
    const summaries = actors.flatMap(({ name, commandLine, summary }) => [
      `${name} (${commandLine})`,
      ...summary,
    ])
    return [
      ...rows,
      '',
      'What the calls came to:',
      '',
      ...summaries,
      '',
      ...this.#paragraph(closing),
    ]
  }

  /** All that is new, in rows. */
  #rows(actors: readonly Actor[], { isLast }: { isLast: boolean }): string[] {
    const news = actors.map((actor) => [actor, this.#take(actor)] as const)
    const rows: string[] = []
    for (const { name, commandLine } of actors.filter((actor) => !this.#started.has(actor))) {
      rows.push(...this.#lanes.starts(name, commandLine))
    }
    for (const actor of actors) this.#started.add(actor)
    rows.push(...this.#callRows(isLast))
    for (const [actor, { lines }] of news) rows.push(...this.#outputRows(actor, lines))
    for (const actor of actors) {
      const { status } = actor
      if (status === undefined || this.#left.has(actor) || this.#hasMore(actor)) continue
      this.#left.add(actor)
      rows.push(...this.#lanes.ends(actor.name, `exit code ${status}`))
    }
    return rows
  }

  /** An empty line between a sentence and the first row after it. */
  #spaced(rows: string[]): string[] {
    if (rows.length === 0 || !this.#isAfterSentence) return rows
    this.#isAfterSentence = false
    return ['', ...rows]
  }

  #isShown({ wouldBlock }: TraceCall): boolean {
    return wouldBlock === undefined || this.#play.showsWouldBlocks === true
  }

  #take(actor: Actor): { lines: readonly string[] } {
    const cursor = this.#cursors.get(actor) ?? new Cursor(actor)
    this.#cursors.set(actor, cursor)
    const { calls, lines } = cursor.takeAll()
    this.#sequence.add(
      actor,
      calls.filter((call) => this.#isShown(call)),
    )
    return { lines }
  }

  /** Whether it has ended, but not all that it did has been shown. */
  #hasMore(actor: Actor): boolean {
    return this.#sequence.isWaitedFor(actor) || this.#cursors.get(actor)?.isAtEnd === false
  }

  #callRows(isLast: boolean): string[] {
    const happenings: Happening[] = []
    for (;;) {
      const next = this.#sequence.next({ isLast })
      if (next === undefined) break
      happenings.push(next)
    }
    return runsOf(happenings).flatMap((run) => this.#runRows(run))
  }

  #runRows(run: readonly Happening[]): string[] {
    const [first] = run
    const rest = run.slice(SHOWN_IN_A_ROW)
    if (first === undefined || rest.length < LEAST_SUMMED) {
      return run.flatMap((happening) => this.#lanes.call(happening))
    }
    const bytes = rest.reduce((sum, { call }) => sum + (call.bytes ?? 0), 0)
    const sum = `⋮ ${rest.length} more ${first.call.call}, ${bytesOf(bytes)}`
    return [
      ...run.slice(0, SHOWN_IN_A_ROW).flatMap((happening) => this.#lanes.call(happening)),
      ...this.#lanes.note(first.actor.name, sum),
    ]
  }

  /** What it has printed, unless calls of it that came before must wait. */
  #outputRows(actor: Actor, newLines: readonly string[]): string[] {
    const lines = [...(this.#unshown.get(actor) ?? []), ...newLines]
    const mustWait = this.#sequence.isWaitedFor(actor)
    this.#unshown.set(actor, mustWait ? lines : [])
    if (mustWait) return []
    const rest = lines.length - SHOWN_IN_A_ROW
    const isMany = rest >= LEAST_SUMMED
    const shown = isMany ? lines.slice(0, SHOWN_IN_A_ROW) : lines
    const rows = shown.flatMap((line) =>
      this.#lanes.output(actor.name, line, { isOfTable: isMany }),
    )
    return isMany ? [...rows, ...this.#lanes.note(actor.name, `> ⋮ ${rest} more lines`)] : rows
  }

  #paragraph(text: string): string[] {
    return wrap(text, this.#width).map((line) => line.trimStart())
  }
}

/** What one program received or sent, several times one after another. */
function runsOf(happenings: readonly Happening[]): Happening[][] {
  const runs: Happening[][] = []
  for (const happening of happenings) {
    const run = runs.at(-1)
    const [first] = run ?? []
    const isSame = first?.actor === happening.actor && kindOf(first.call) === kindOf(happening.call)
    if (isSame) run?.push(happening)
    else runs.push([happening])
  }
  return runs
}

function kindOf({ call, bytes, remote, error }: TraceCall): string {
  const outcome = error ?? (bytes === undefined ? 'none' : bytes === 0 ? 'end' : 'some')
  return `${call} ${remote?.port} ${outcome}`
}
