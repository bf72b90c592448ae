// A trace for people: a line on stderr for each call, in the words of the tutorial.
import { type Address, formatAddress } from '../socket/index.ts'
import { bytesOf, number, seconds } from './amounts.ts'
import { canBlock, isReceiving, isSending, type TraceCall, type TraceSink } from './format.ts'
import {
  END_OF_DATA,
  endingWords,
  isEndOfData,
  nameOf,
  plain,
  quoted,
  wouldBlockWords,
} from './words.ts'

/** Nobody could see a shorter wait. */
const BLOCKED_MS = 1
const TIME_COLUMNS = 10

/** Shows a line for each call; one that waits has a line after 100 ms, and another when it returns. */
export function traceLines(show: (line: string) => void): TraceSink {
  return { write: (record) => show(traceLine(record)), end: () => {} }
}

/** Returns `[   2.310 s] recv blocked 2.104 s 3 bytes "abc" from 127.0.0.1:40312`. */
export function traceLine(record: TraceCall): string {
  const { at, process } = record
  const words = [
    `[${seconds(at).padStart(TIME_COLUMNS)}]`,
    process === undefined ? '' : `[pid ${process}]`,
    plain(nameOf(record)),
    blockedWords(record),
    result(record),
    place(record),
  ]
  return words.filter((word) => word !== '').join(' ')
}

/** These words come early in the line, so that a narrow terminal does not cut them. */
function blockedWords(record: TraceCall): string {
  const { blocked = 0, waiting } = record
  if (waiting) return '… blocked'
  return canBlock(record) && blocked >= BLOCKED_MS ? `blocked ${seconds(blocked)}` : ''
}

function result(record: TraceCall): string {
  const { call, bytes, asked, wouldBlock, waiting, error } = record
  if (waiting) return ''
  if (error !== undefined) return endingWords(plain(error))
  if (wouldBlock !== undefined) return wouldBlockWords(wouldBlock)
  if (call === 'keyboard') {
    if (bytes === undefined) return 'end of input'
    return bytes === 0 ? 'Enter' : quoted(record)
  }
  if (isEndOfData(record)) return END_OF_DATA
  if (bytes === undefined) return ''
  const amount = asked === undefined ? bytesOf(bytes) : `${number(bytes)} of ${bytesOf(asked)}`
  return `${amount} ${quoted(record)}`.trimEnd()
}

function place({ call, local, remote, waiting, error }: TraceCall): string {
  const there = remote ?? local
  if (there === undefined) return ''
  const isConnected = call === 'connect' && !waiting && error === undefined && local !== undefined
  const from = isConnected ? ` from ${address(local)}` : ''
  const isWaiting = waiting === true
  return `${preposition(call, remote !== undefined, isWaiting)} ${address(there)}${from}`
}

function preposition(call: string, hasRemote: boolean, isWaiting: boolean): string {
  if (call === 'select') return isWaiting ? 'on' : 'ready:'
  if (!hasRemote) return 'on'
  if (call === 'connect' || call === 'shutdown' || isSending(call)) return 'to'
  if (call === 'accept' || isReceiving(call)) return 'from'
  return call === 'close' ? 'with' : 'on'
}

function address(one: Address): string {
  return plain(formatAddress(one))
}
