// The trace file, version 1: one header line, then one JSON object a call, as NDJSON.
import type { Address } from '../socket/address.ts'
import type { CallName } from '../socket/calls.ts'

export const TRACE_FORMAT = 'pynet-trace'
export const TRACE_VERSION = 1

/** The code of a call that ended with an error without one: the program stopped waiting. */
export const ABORTED = 'ERR_ABORTED'

/** Calls that take bytes of a connection; `bytes: 0` is the end of data. */
export const RECEIVING_CALLS = ['recv', 'tryRecv', 'read', 'readLine', 'readLines'] as const

/** `keyboard` is the program's wait for a line that somebody types. */
export const CALLS = [
  ...RECEIVING_CALLS,
  'listen',
  'accept',
  'connect',
  'sendAll',
  'shutdown',
  'close',
  'keyboard',
] as const satisfies readonly CallName[]

/** The first line: which program this is the trace of, and when it started (ISO 8601, UTC). */
export interface TraceHeader {
  readonly format: typeof TRACE_FORMAT
  readonly version: typeof TRACE_VERSION
  readonly program: string
  readonly pid: number
  readonly startedAt: string
}

/** Every other line: a call that has returned. Unknown fields beside these are allowed. */
export interface TraceCall {
  readonly call: CallName
  /** Milliseconds since the program started, when the call returned. */
  readonly at: number
  /** Milliseconds from the call to its return. */
  readonly blocked: number
  /** The socket's or listener's number in this process, from 1; absent for the keyboard. */
  readonly socket?: number
  readonly local?: Address
  /** Absent for a listener; of a failed connect the address as the caller gave it. */
  readonly remote?: Address
  /** What was sent, received or typed; absent at the end of input. */
  readonly bytes?: number
  /** Where the bytes begin in that direction's stream of that socket, from 0. */
  readonly offset?: number
  /** How many times in a row a `tryRecv` found nothing. */
  readonly wouldBlock?: number
  /** The first bytes, 32 at most, as hex; absent where there are none. */
  readonly head?: string
  /** The error's code, where the call failed. */
  readonly error?: string
}

/** A trace that has been read and found in order. */
export interface Trace {
  /** The file's name, for messages. */
  readonly name: string
  readonly header: TraceHeader
  readonly calls: readonly TraceCall[]
  /** The last line was cut short, as by a killed program, and left out. */
  readonly isCutShort: boolean
}

export function isReceiving(call: CallName): boolean {
  return (RECEIVING_CALLS as readonly CallName[]).includes(call)
}

/** Whether the call may wait; a nonblocking one only takes its time. */
export function canBlock(call: CallName): boolean {
  return call !== 'tryRecv'
}

/**
 * Whether an error's code says that the program itself ended the call: it stopped waiting, or
 * closed the socket. Nothing has failed then.
 */
export function isGivenUp(code: string | undefined): boolean {
  return code === ABORTED || code === 'ERR_SOCKET_CLOSED'
}
