// The words of the diagrams: what a row says of its call, and an arrow of its bytes.
import { formatAddress } from '../socket/address.ts'
import { unfinishedLength, visible } from '../terminal/visible.ts'
import { bytesOf, number } from '../trace/amounts.ts'
import { ABORTED, isReceiving, type TraceCall } from '../trace/format.ts'
import { isSendOfBytes, rangeOf } from './arrows.ts'
import { type Arrow, type Call, isCause, type Row, type SumRow } from './ladder.ts'

/** What a row says, in parts, so that a renderer with little room can leave some out. */
export interface Words {
  /** Of the lane's own clock: seconds since its program started. */
  readonly time: string
  readonly text: string
  /** The same with less room, where there is such a form. */
  readonly short: string
  /** With even less. */
  readonly least: string
  /** Of a send: its bytes in the stream, by which one finds what they fed. */
  readonly range: string
  /** The first bytes, in quotes; empty where there is nothing to show. */
  readonly preview: string
  readonly hasFailed: boolean
  /** Of many calls, which have no one time. */
  readonly isSum: boolean
}

const MS_PER_SECOND = 1000

/** What `row` says. */
export function wordsOf(row: Row): Words {
  const { record } = row.call
  const { blocked = 0 } = record
  const isStart = row.kind === 'start'
  const time = isStart ? record.at - blocked : record.at
  const base = {
    time: seconds(Math.max(0, time)),
    preview: '',
    range: '',
    hasFailed: false,
    isSum: row.kind === 'sum',
  }
  if (row.kind === 'sum') return { ...base, time: '⋮', ...sumWords(row) }
  const { call } = record
  const span = duration(blocked)
  if (isStart && !isCause(row.call)) {
    const short = `${call} blocks`
    return { ...base, text: `${call} blocks ${span}`, short, least: short }
  }
  if (row.kind === 'return' && record.error === undefined && isCause(row.call)) {
    const short = `${call} returns`
    return { ...base, text: `${call} returns, blocked ${span}`, short, least: short }
  }
  const ending = isStart ? undefined : endingOf(row.call)
  const details = ending ?? detailsOf(row.call)
  return {
    ...base,
    text: `${call}${details.long}`,
    short: `${call}${details.short}`,
    least: `${call}${details.least ?? details.short}`,
    range: ending === undefined && isSendOfBytes(row.call) ? range(...rangeOf(row.call)) : '',
    preview: ending === undefined ? previewOf(record) : '',
    hasFailed: ending?.isFailure ?? false,
  }
}

function sumWords({ calls, bytes, call: first }: SumRow) {
  const { call, wouldBlock } = first.record
  const what = `${number(calls.length)} more ${call}`
  const text = wouldBlock === undefined && bytes > 0 ? `${what}, ${bytesOf(bytes)}` : what
  const [begin] = rangeOf(first)
  const own = isSendOfBytes(first) ? range(begin, begin + bytes) : ''
  return { text, short: what, least: what, range: own }
}

interface Details {
  readonly long: string
  readonly short: string
  readonly least?: string
}

/** How a call ended that brought nothing: it failed, or the program itself put an end to it. */
function endingOf(call: Call): (Details & { isFailure: boolean }) | undefined {
  const { error } = call.record
  if (error === undefined) return undefined
  if (error === ABORTED) return { long: ', given up', short: ', given up', isFailure: false }
  if (error === 'ERR_SOCKET_CLOSED' && hasWaitedForClose(call)) {
    return { long: ', until we closed', short: ', we closed', isFailure: false }
  }
  return { long: ` fails: ${plain(error)}`, short: ` ${plain(error)}`, isFailure: true }
}

/** A call that waits when its socket is closed is over; one that comes later is a mistake. */
function hasWaitedForClose({ lane, record }: Call): boolean {
  if (isCause({ record })) return false
  const startOf = ({ at, blocked = 0 }: TraceCall) => at - blocked
  const closes = lane.trace?.calls.filter(({ call, socket }) => {
    return call === 'close' && socket === record.socket
  })
  return closes?.every((close) => startOf(close) > startOf(record)) ?? true
}

/** What stands behind the call's name. */
function detailsOf(call: Call): Details {
  const { record } = call
  const both = (text: string) => ({ long: text, short: text })
  if (record.call === 'keyboard') {
    if (record.bytes === undefined) return { long: ' end of input', short: ' ends' }
    return both(record.bytes === 0 ? ' Enter' : '')
  }
  if (record.wouldBlock !== undefined) {
    const times = record.wouldBlock === 1 ? '' : ` ×${number(record.wouldBlock)}`
    return { long: ` would block${times}`, short: ` nothing${times}` }
  }
  if (isReceiving(record.call) && record.bytes === 0) {
    return { long: ' 0 bytes: end of data', short: ' end of data', least: ' 0 bytes' }
  }
  if (record.bytes !== undefined) {
    return { long: ` ${bytesOf(record.bytes)}`, short: ` ${range(...rangeOf(call))}` }
  }
  const address = record.call === 'listen' ? record.local : record.remote
  const isNamed = ['listen', 'accept', 'connect'].includes(record.call) && address !== undefined
  return { long: isNamed ? ` ${plain(formatAddress(address))}` : '', short: '' }
}

/** What an arrow says, or nothing. */
export function labelOf({ kind, begin, end }: Arrow): string {
  if (kind === 'open') return ''
  return kind === 'end' ? 'end of data' : range(begin, end)
}

/** Bytes as Python slices a string: from the first to behind the last. */
export function range(begin: number, end: number): string {
  return `[${begin}:${end}]`
}

/** The head of what was sent, received or typed, in quotes, on one line; `…` where there is more. */
function previewOf({ head, bytes = 0 }: TraceCall): string {
  if (head === undefined) return ''
  let shown = Buffer.from(head, 'hex')
  const hasMore = shown.length < bytes
  // The head's limit may have cut a character.
  if (hasMore) shown = shown.subarray(0, shown.length - unfinishedLength(shown))
  return `"${plain(shown)}${hasMore ? '…' : ''}"`
}

/** One line, in which every control and every invisible mark of direction shows. */
export function plain(data: string | Uint8Array): string {
  return visible(data)
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replace(/[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, (mark) => {
      return `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`
    })
}

function seconds(milliseconds: number): string {
  return (milliseconds / MS_PER_SECOND).toFixed(3)
}

/** How long a call blocked. */
export function duration(milliseconds: number): string {
  const isLong = milliseconds >= MS_PER_SECOND
  return isLong ? `${seconds(milliseconds)} s` : `${milliseconds.toFixed(1)} ms`
}

/** All that a row says, in a line as long as it is. */
export function sentenceOf({ time, text, range, preview }: Words): string {
  return [time, text, range, preview].filter((part) => part !== '').join(' ')
}
