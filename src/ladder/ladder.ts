// What a ladder diagram is made of: lanes, connections between them, rows, and arrows.
import type { Address } from '../calls.ts'
import { canBlock, isSending, type Trace, type TraceCall } from '../trace/format.ts'

/** One program, from top to bottom; without a trace it is a peer of which only the address is known. */
export interface Lane {
  readonly trace: Trace | undefined
  readonly program: string
  /** Such as `pid 4242`. */
  readonly detail: string
  readonly address: string
  /** What is to be known of the lower end; '' where the program was done. */
  readonly endNote: string
}

/** A call of a lane, on one clock: microseconds since 1970 by the clock of that lane's machine. */
export interface Call {
  readonly lane: Lane
  readonly record: TraceCall
  readonly startedUs: number
  /** The same as the start for a call that never returned. */
  readonly returnedUs: number
  /** Undefined for a listener, the keyboard, and a connect that failed. */
  readonly connection: Connection | undefined
}

/** One end of a connection, and its calls in the order of the trace. */
export interface End {
  readonly lane: Lane
  readonly address: Address | undefined
  readonly calls: Call[]
}

/** Two ends; the first is the one that connected, where known. */
export interface Connection {
  readonly ends: readonly [End, End]
}

/** What goes from one lane to another: an opening, bytes `begin` to `end` (excluded), or the end. */
export interface Arrow {
  readonly kind: 'open' | 'data' | 'end'
  readonly from: Lane
  readonly to: Lane
  /** Unknown where a lane has no trace, or one that was cut short. */
  readonly cause: Call | undefined
  readonly effect: Call | undefined
  readonly begin: number
  readonly end: number
}

/** A call, or its start or return where it blocked for long enough to see. */
export interface CallRow {
  readonly kind: 'call' | 'start' | 'return'
  readonly call: Call
  readonly arrows: readonly Arrow[]
}

/** Many calls of one kind, summed up. */
export interface SumRow {
  readonly kind: 'sum'
  /** The first of them. */
  readonly call: Call
  readonly calls: readonly Call[]
  readonly bytes: number
  readonly arrows: readonly Arrow[]
}

export type Row = CallRow | SumRow

export interface Ladder {
  /** From left to right. */
  readonly lanes: readonly Lane[]
  readonly connections: readonly Connection[]
  readonly rows: readonly Row[]
}

/** A call that blocked for less has one row. */
const VISIBLE_BLOCK_MS = 1

/** Returns whether the call's start and return are rows of their own; it may never have returned. */
export function hasBlocked({ record }: Call): boolean {
  const { waiting, blocked = 0 } = record
  return waiting === true || (canBlock(record) && blocked >= VISIBLE_BLOCK_MS)
}

/** Returns whether something at another end can follow from the call as soon as it has started. */
export function isCause({ record: { call } }: Pick<Call, 'record'>): boolean {
  return isSending(call) || ['listen', 'connect', 'shutdown', 'close'].includes(call)
}

/** Returns how many bytes the calls have transferred, all together. */
export function sumOfBytes(calls: readonly Call[]): number {
  return calls.reduce((sum, { record }) => sum + (record.bytes ?? 0), 0)
}
