// The lanes of a ladder that grows row by row, side by side in the width of the terminal.
import { drawCell } from '../ladder/cells.ts'
import { columnsOf, cut, fill, wrap } from '../ladder/columns.ts'
import { leastArrow } from '../ladder/joints.ts'
import { duration, plain, range, wordsOf } from '../ladder/words.ts'
import { isReceiving, type TraceCall } from '../trace/trace-format.ts'
import type { Happening } from './sequence.ts'

const MARGIN = ' '
/** So wide are the times: `12.345`. */
const TIME_COLUMNS = 6
/** Output with more than this many rows is cut. */
const MAX_OUTPUT_ROWS = 3
/** A call that waited for so long says so. */
const BLOCKED_MS = 100

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

  runs(name: string): boolean {
    return this.#running.has(name)
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

  /** What a program has printed. */
  output(name: string, line: string): string[] {
    const room = this.#columns - 3
    const text = plain(line)
    const isShort = columnsOf(text) <= room * MAX_OUTPUT_ROWS
    const rows = isShort ? wrap(text, room) : [text]
    return rows.map((row) => this.#row(textIn(name, ` > ${cut(row, room)}`)))
  }

  note(name: string, text: string): string[] {
    return [this.#row(textIn(name, ` ${cut(text, this.#columns - 1)}`))]
  }

  /** A call that has returned, with an arrow from the other end where it brought something. */
  call({ actor, call, peer }: Happening): string[] {
    const { name } = actor
    const label = labelOf(call)
    const distance = peer === undefined ? 0 : this.#indexOf(peer.name) - this.#indexOf(name)
    const isArrow = label !== undefined && Math.abs(distance) === 1
    const words = this.#words(call, isArrow && distance > 0 ? leastArrow(label) + 1 : 0)
    const told = drawCell({ words }, this.#columns, TIME_COLUMNS) ?? ''
    const ticks: Ticks = { [name]: { right: true } }
    if (!isArrow || peer === undefined) return [this.#row(textIn(name, told), ticks)]

    const arrow = { label, isToRight: distance < 0, isToldByWords: words.short.includes(label) }
    const alone = drawCell({ arrow }, this.#columns, TIME_COLUMNS) ?? ''
    if (distance < 0) {
      const both: Ticks = { [name]: { left: true, right: true }, [peer.name]: { right: true } }
      const text = (lane: string) => (lane === peer.name ? alone : lane === name ? told : '')
      return [this.#row(text, both)]
    }
    ticks[peer.name] = { left: true }
    const together = drawCell({ words, arrow }, this.#columns, TIME_COLUMNS)
    if (together !== undefined) return [this.#row(textIn(name, together), ticks)]
    return [
      this.#row(textIn(name, alone), ticks),
      this.#row(textIn(name, told), { [name]: { right: true } }),
    ]
  }

  /** What the ladder says of a call, and for how long it blocked where there is room for that. */
  #words(record: TraceCall, reserved: number) {
    const lane = { trace: undefined, program: '', detail: '', address: '' }
    const call = { lane, record, startedUs: 0, returnedUs: 0, connection: undefined }
    const words = wordsOf({ kind: 'call', call, arrows: [] })
    if (record.blocked < BLOCKED_MS) return words
    const text = `${words.text}, blocked ${duration(record.blocked)}`
    const preview = words.preview === '' ? 0 : columnsOf(words.preview) + 1
    const room = this.#columns - TIME_COLUMNS - 3 - preview - reserved
    return columnsOf(text) <= room ? { ...words, text } : words
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

/** What the arrow to the call says; undefined where nothing came from the other end. */
function labelOf({ call, bytes, offset = 0, error }: TraceCall): string | undefined {
  if (error !== undefined) return undefined
  if (call === 'accept') return ''
  if (!isReceiving(call) || bytes === undefined) return undefined
  return bytes === 0 ? 'end of data' : range(offset, offset + bytes)
}
