// The words of the diagrams: what a row says of its call, and an arrow of its bytes.
import { formatAddress } from '../socket/index.ts'
import { bytesOf, number } from '../trace/amounts.ts'
import { isGivenUp, isSending, type TraceCall } from '../trace/format.ts'
import {
  END_OF_DATA,
  endingWords,
  isEndOfData,
  nameOf,
  plain,
  quoted,
  wouldBlockWords,
} from '../trace/words.ts'
import { columnsOf } from './columns.ts'
import { type Arrow, isCause, type Row, type SumRow } from './ladder.ts'

/** What a row says, in parts, so that a lane with little room can leave some out. */
export interface Words {
  /** By the lane's own clock: seconds since its program started. */
  readonly time: string
  readonly name: string
  /** What stands behind the name: the whole of it, then what says it with less room. */
  readonly details: readonly string[]
  /** What is said where not even the name and the last detail have room; '' if that is cut. */
  readonly least: string
  /** The place of the call's bytes in the stream, as Python slices it; '' where there are none. */
  readonly range: string
  readonly isSend: boolean
  /** The first bytes, in quotes; '' where there is nothing to show. */
  readonly preview: string
  /** The preview holds all of the bytes, and is short: they say more than their number and place. */
  readonly areFew: boolean
  readonly hasFailed: boolean
  /** Of many calls, which have no one time. */
  readonly isSum: boolean
}

const MS_PER_SECOND = 1000
const FEW_COLUMNS = 14

/** A row is asked several times: how wide it would like to be, and what to draw. */
const known = new WeakMap<Row, Words>()

/** Returns what `row` says. */
export function wordsOf(row: Row): Words {
  const words = known.get(row) ?? newWords(row)
  known.set(row, words)
  return words
}

function newWords(row: Row): Words {
  const { record } = row.call
  const { at, blocked = 0, waiting, error } = record
  const isStart = row.kind === 'start'
  const base: Words = {
    time: seconds(Math.max(0, isStart ? at - blocked : at)),
    name: plain(nameOf(record)),
    details: [''],
    least: record.wouldBlock === undefined ? '' : wouldBlockWords(1),
    range: '',
    isSend: isSending(record.call),
    preview: '',
    areFew: false,
    hasFailed: false,
    isSum: false,
  }
  if (row.kind === 'sum') return { ...base, ...sumWords(row, base.name) }
  if (waiting) return { ...base, details: ['… blocked'] }
  const span = duration(blocked)
  if (isStart && !isCause(row.call)) return { ...base, details: [`blocks ${span}`, 'blocks'] }
  if (error !== undefined && !isStart) {
    const code = plain(error)
    const details = [endingWords(code), ...(isGivenUp(error) ? [] : [code])]
    return { ...base, details, hasFailed: !isGivenUp(error) }
  }
  if (row.kind === 'return' && isCause(row.call)) {
    return { ...base, details: [`returns, blocked ${span}`, 'returns'] }
  }
  const preview = quoted(record)
  const range = (record.bytes ?? 0) > 0 ? rangeOf(record) : ''
  const areFew = preview !== '' && !preview.endsWith('…"') && columnsOf(preview) <= FEW_COLUMNS
  return { ...base, details: detailsOf(record), range, preview, areFew }
}

function sumWords({ calls, bytes, call: { record } }: SumRow, name: string): Partial<Words> {
  const { offset, wouldBlock } = record
  const hasBytes = wouldBlock === undefined && bytes > 0
  return {
    time: '⋮',
    isSum: true,
    name: `${number(calls.length)} more ${name}`,
    details: hasBytes ? [`(${bytesOf(bytes)})`, ''] : [''],
    range: hasBytes && offset !== undefined ? range(offset, offset + bytes) : '',
  }
}

/** Returns what stands behind the name of a call that has done its work. */
function detailsOf(record: TraceCall): string[] {
  const { call, bytes, asked, wouldBlock, local, remote } = record
  if (call === 'keyboard') {
    if (bytes === undefined) return ['end of input', 'ends']
    return [bytes === 0 ? 'Enter' : '']
  }
  if (wouldBlock !== undefined) return [wouldBlockWords(wouldBlock), wouldBlockWords(1)]
  if (isEndOfData(record)) return [END_OF_DATA, 'end of data', '0 bytes']
  if (asked !== undefined) return [`${number(bytes ?? 0)} of ${bytesOf(asked)}`, '']
  if (bytes !== undefined) return [bytesOf(bytes), '']
  const address = call === 'listen' || call === 'bind' ? local : (remote ?? local)
  if (address === undefined) return ['']
  if (call === 'select') return [`ready: ${plain(formatAddress(address))}`, '']
  const isNamed = ['listen', 'bind', 'accept', 'connect'].includes(call)
  return isNamed ? [plain(formatAddress(address)), ''] : ['']
}

/** Returns what an arrow says; '' for the opening of a connection. */
export function labelOf({ kind, begin, end }: Arrow): string {
  if (kind === 'open') return ''
  return kind === 'end' ? 'end of data' : range(begin, end)
}

/** Returns bytes as Python slices a string: from the first to behind the last. */
export function range(begin: number, end: number): string {
  return `[${begin}:${end}]`
}

function rangeOf({ offset, bytes = 0 }: TraceCall): string {
  return offset === undefined ? '' : range(offset, offset + bytes)
}

function seconds(milliseconds: number): string {
  return (milliseconds / MS_PER_SECOND).toFixed(3)
}

/** Returns how long a call blocked: `2.9 ms`, `2.002 s`. */
export function duration(milliseconds: number): string {
  const isLong = milliseconds >= MS_PER_SECOND
  return isLong ? `${seconds(milliseconds)} s` : `${milliseconds.toFixed(1)} ms`
}

/** Returns all that a row says, in a line as long as it is. */
export function sentenceOf({ time, name, details, range, isSend, preview }: Words): string {
  const parts = [time, name, details[0] ?? '', isSend ? range : '', preview]
  return parts.filter((part) => part !== '').join(' ')
}
