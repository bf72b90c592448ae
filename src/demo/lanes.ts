// The lanes of a ladder that grows row by row, side by side in the width of the terminal.
import { type Cell, drawCell } from '../ladder/cells.ts'
import { columnsOf, cut, fill, wrap } from '../ladder/columns.ts'
import { duration, plain, range, type Words, wordsOf } from '../ladder/words.ts'
import { isReceiving, type TraceCall } from '../trace/format.ts'
import type { Happening } from './sequence.ts'

const MARGIN = ' '
/** So wide are the times: `12.345`. */
const TIME_COLUMNS = 6
/** Output with more than this many rows is cut. */
const MAX_OUTPUT_ROWS = 3
/** A call that waited for so long says so. */
const BLOCKED_MS = 100
const BLOCKED_INDENT = '    '

type Ticks = Record<string, { left?: boolean; right?: boolean }>

export class Lanes {
  readonly #names: readonly string[]
  readonly #columns: number
  readonly #running = new Set<string>()

  constructor(names: readonly string[], width: number) {
    this.#names = names
    // each lane has its line, and what stands beside it
    this.#columns = Math.floor((width - MARGIN.length) / names.length) - 1
  }

  titles(): string {
    return this.#row((name) => name)
  }

  starts(name: string, commandLine: string): string[] {
    const [first = '', ...rest] = wrap(`$ ${commandLine}`, this.#columns - 2)
    const top = this.#row(textIn(name, ` ${first}`), {}, (lane) =>
      lane === name ? '┌' : undefined,
    )
    this.#running.add(name)
    return [top, ...rest.map((line) => this.#row(textIn(name, ` ${line}`)))]
  }

  ends(name: string, how: string): string[] {
    this.#running.delete(name)
    return [this.#row(textIn(name, ` ${how}`), {}, (lane) => (lane === name ? '└' : undefined))]
  }

  /** What a program has printed; a line of a table stays one. */
  output(name: string, line: string, { isOfTable = false } = {}): string[] {
    const room = this.#columns - 3
    const text = plain(line)
    const isWrapped = !isOfTable && columnsOf(text) <= room * MAX_OUTPUT_ROWS
    const rows = isWrapped ? wrap(text, room) : [text]
    return rows.map((row) => this.#row(textIn(name, ` > ${cut(row, room)}`)))
  }

  note(name: string, text: string): string[] {
    return [this.#row(textIn(name, ` ${cut(text, this.#columns - 1)}`))]
  }

  /** A call that has not returned: where its time will stand there is none yet. */
  waits(name: string, call: TraceCall['call']): string[] {
    return this.note(name, `${'…'.padStart(TIME_COLUMNS)} ${call} blocks`)
  }

  /** A call that has returned, with an arrow from the other end where it brought something. */
  call({ actor, call, peer }: Happening): string[] {
    const distance = peer === undefined ? 0 : this.#indexOf(peer.name) - this.#indexOf(actor.name)
    const arrowed = peer === undefined ? undefined : this.#arrowed(call, [actor.name, peer.name])
    const isNextTo = Math.abs(distance) === 1
    const rows = isNextTo && arrowed !== undefined ? arrowed : [this.#told(actor.name, call)]
    return [...rows, ...this.#blockedRow(actor.name, call)]
  }

  #told(name: string, call: TraceCall): string {
    const told = drawCell({ words: words(call) }, this.#columns, TIME_COLUMNS) ?? ''
    return this.#row(textIn(name, told), { [name]: { right: true } })
  }

  /** The call, and the arrow from the lane next to it; undefined where the call brought nothing. */
  #arrowed(call: TraceCall, [name, from]: [string, string]): string[] | undefined {
    const label = labelOf(call)
    if (label === undefined) return undefined
    const said = words(call)
    const isToRight = this.#indexOf(from) < this.#indexOf(name)
    const arrow = { label, isToRight, isToldByWords: said.short.includes(label) }
    const draw = (cell: Cell) => drawCell(cell, this.#columns, TIME_COLUMNS)
    const alone = draw({ arrow }) ?? ''
    if (isToRight) {
      const told = draw({ words: said }) ?? ''
      const text = (lane: string) => (lane === from ? alone : lane === name ? told : '')
      return [this.#row(text, { [name]: { right: true }, [from]: { right: true } })]
    }
    const ticks = { [name]: { right: true }, [from]: { left: true } }
    const together = draw({ words: said, arrow })
    if (together !== undefined) return [this.#row(textIn(name, together), ticks)]
    return [this.#row(textIn(name, alone), ticks), this.#told(name, call)]
  }

  /** For how long the call blocked, in a row of its own. */
  #blockedRow(name: string, { call, blocked = 0 }: TraceCall): string[] {
    // how long a key is waited for is the pace of the play
    if (blocked < BLOCKED_MS || call === 'keyboard') return []
    return this.note(name, `${BLOCKED_INDENT}(blocked ${duration(blocked)})`)
  }

  #indexOf(name: string): number {
    return this.#names.indexOf(name)
  }

  #row(
    textOf: (name: string) => string,
    ticks: Ticks = {},
    lineOf: (name: string) => string | undefined = () => undefined,
  ): string {
    const cells = this.#names.map((name) => {
      const { left = false, right = false } = ticks[name] ?? {}
      const line = this.#running.has(name) ? '│├┤┼'.charAt((right ? 1 : 0) + (left ? 2 : 0)) : ' '
      return (lineOf(name) ?? line) + fill(cut(textOf(name), this.#columns), this.#columns)
    })
    return (MARGIN + cells.join('')).trimEnd()
  }
}

function textIn(lane: string, text: string): (name: string) => string {
  return (name) => (name === lane ? text : '')
}

/** What the ladder says of a call. */
function words(record: TraceCall): Words {
  const lane = { trace: undefined, program: '', detail: '', address: '' }
  const call = { lane, record, startedUs: 0, returnedUs: 0, connection: undefined }
  const said = wordsOf({ kind: 'call', call, arrows: [] })
  if (record.call !== 'close' || record.error !== undefined) return said
  const what = record.remote === undefined ? 'listener' : 'connection'
  return { ...said, text: `close the ${what}`, short: `close ${what}` }
}

/** What the arrow to the call says; undefined where nothing came from the other end. */
function labelOf({ call, bytes, offset = 0, error }: TraceCall): string | undefined {
  if (error !== undefined) return undefined
  if (call === 'accept') return ''
  if (!isReceiving(call) || bytes === undefined) return undefined
  return bytes === 0 ? 'end of data' : range(offset, offset + bytes)
}
