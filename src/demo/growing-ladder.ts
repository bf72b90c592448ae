// The ladder of an act as it grows: each part is what the programs have done since the one before.
import { buildLadder } from '../ladder/build.ts'
import { drawCell } from '../ladder/cells.ts'
import { cut, wrap } from '../ladder/columns.ts'
import type { Arrow, CallRow, Row } from '../ladder/ladder.ts'
import { isMain, sumUp } from '../ladder/rows.ts'
import { duration, labelOf, type Words, wordsOf } from '../ladder/words.ts'
import type { Trace } from '../trace/format.ts'
import { nameOf, plain } from '../trace/words.ts'
import type { LaneCell, Lanes } from './lanes.ts'
import type { Mask } from './mask.ts'
import type { Program } from './program.ts'

/** As wide as `12.345`; a lane with less room than the second shows no times. */
const TIME_COLUMNS = 6
const LEAST_COLUMNS = 28
/** Of many lines of output, only the first few are shown. */
const SHOWN_LINES = { many: 7, few: 4 }
/** The others depend on chunks, and on the processes of this machine. */
const MASKED_LINES = { many: 2, few: 1 }
/** One lane shows no more of it anyway. */
const LONGEST_LINE = 200

export class GrowingLadder {
  readonly #lanes: Lanes
  readonly #mask: Mask
  readonly #times: number
  /** By the name of the program: how many of its calls have been shown. */
  readonly #shown = new Map<string, number>()
  /** By the same: the call in which it has been seen to wait, until that returns. */
  readonly #waits = new Map<string, string>()
  readonly #ended = new Set<string>()

  constructor(lanes: Lanes, mask: Mask) {
    this.#lanes = lanes
    this.#mask = mask
    this.#times = mask.hidesTimes || lanes.columns < LEAST_COLUMNS ? 0 : TIME_COLUMNS
  }

  /** Returns whether what has been received, opened or ended is also known to have been sent. */
  isWhole(programs: readonly Program[]): boolean {
    const rows = this.#rows(this.#traces(programs))
    return rows.every(({ arrows }) => arrows.every(({ cause }) => cause !== undefined))
  }

  start({ name, commandLine }: Program): string[] {
    const lines = wrap(`$ ${this.#mask.text(commandLine)}`, this.#lanes.columns - 2)
    return lines.map((line) => this.#lanes.row({ [name]: { text: ` ${line}`, state: 'running' } }))
  }

  /** Returns what is new: calls, causes first; what was printed; who has ended; and who waits. */
  grow(programs: readonly Program[]): string[] {
    const traces = this.#traces(programs)
    const calls = sumUp(this.#rows(traces)).flatMap((row) => this.#call(row))
    for (const trace of traces) this.#shown.set(trace.name, trace.calls.length)
    return [
      ...calls,
      ...programs.flatMap((program) => this.#output(program)),
      ...programs.flatMap((program) => this.#end(program)),
      ...programs.flatMap((program) => this.#wait(program)),
    ]
  }

  /** Returns the traces with only the calls that have returned. */
  #traces(programs: readonly Program[]): Trace[] {
    return programs.flatMap(({ trace }) => {
      if (trace === undefined) return []
      const returned = { ...trace, calls: trace.calls.filter(({ waiting }) => !waiting) }
      return [this.#mask.trace(returned)]
    })
  }

  /** Returns a row for each new call. */
  #rows(traces: readonly Trace[]): CallRow[] {
    const isNew = new Set(traces.flatMap(({ name, calls }) => calls.slice(this.#shown.get(name))))
    return buildLadder(traces)
      .rows.filter(isMain)
      .filter(({ call }) => isNew.has(call.record))
      .map((row) => ({ ...row, kind: 'call' }))
  }

  #call(row: Row): string[] {
    const { lane, record } = row.call
    const name = lane.trace?.name ?? ''
    const said = this.#mask.words(wordsOf(row))
    const words = { ...said, time: this.#times === 0 ? '' : said.time }
    const isWait = this.#waits.get(name) === nameOf(record)
    const state: LaneCell = isWait ? { state: 'running' } : {}
    if (isWait) this.#waits.delete(name)
    const [first] = row.arrows
    const last = row.arrows.at(-1)
    const rows = this.#told(name, words, first && { ...first, end: last?.end ?? 0 }, state)
    if (!isWait || this.#times === 0) return rows
    const blocked = `${' '.repeat(this.#times)}(blocked ${duration(record.blocked ?? 0)})`
    return [...rows, this.#lanes.row({ [name]: { text: blocked } })]
  }

  /** Returns the words in the program's lane, and the arrow from the lane beside it. */
  #told(name: string, words: Words, from: Arrow | undefined, state: LaneCell): string[] {
    const told = { ...state, text: this.#draw({ words }), right: true }
    const other = from?.from.trace?.name
    if (from === undefined || other === undefined) return [this.#lanes.row({ [name]: told })]
    const label = this.#mask.text(labelOf(from))
    const isToRight = this.#lanes.isLeftOf(other, name)
    const arrow = { kind: from.kind, label, isToRight }
    const alone = { text: this.#draw({ arrow }), right: true }
    if (isToRight) return [this.#lanes.row({ [name]: told, [other]: alone })]
    const tick = { [other]: { left: true } }
    const together = this.#draw({ words, arrow })
    if (together !== '') return [this.#lanes.row({ [name]: { ...told, text: together }, ...tick })]
    return [this.#lanes.row({ [name]: alone, ...tick }), this.#lanes.row({ [name]: told })]
  }

  #draw(cell: Parameters<typeof drawCell>[0]): string {
    return drawCell(cell, this.#lanes.columns, this.#times) ?? ''
  }

  #output(program: Program): string[] {
    const lines = program
      .takeLines()
      .map((line) => this.#mask.text(plain(line.slice(0, LONGEST_LINE))))
    const { many, few } = this.#mask.hidesTimes ? MASKED_LINES : SHOWN_LINES
    const room = this.#lanes.columns - 4
    const rest = lines.length > many ? lines.splice(few).length : 0
    // The lines of a table are not broken.
    const rows = lines.flatMap((line) => (rest > 0 ? line : wrap(line, room)))
    if (rest > 0) rows.push(this.#mask.hidesTimes ? '⋮ more lines' : `⋮ ${rest} more lines`)
    return rows.map((row) => this.#lanes.row({ [program.name]: { text: ` > ${cut(row, room)}` } }))
  }

  #end({ name, status }: Program): string[] {
    if (status === undefined || this.#ended.has(name)) return []
    this.#ended.add(name)
    return [this.#lanes.row({ [name]: { text: ` exit code ${status}`, state: 'absent' } })]
  }

  #wait({ name, trace }: Program): string[] {
    const waiting = trace?.calls.find((call) => call.waiting)
    if (waiting === undefined || this.#waits.has(name) || this.#ended.has(name)) return []
    this.#waits.set(name, nameOf(waiting))
    const time = ' '.repeat(this.#times)
    const text = ` ${time} ${nameOf(waiting)} … blocked`
    return [this.#lanes.row({ [name]: { text, right: true, state: 'waiting' } })]
  }
}
