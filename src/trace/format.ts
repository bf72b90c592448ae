// The trace file, version 2: one header line, then one JSON object a call, as NDJSON; see README.md.
import type { Address, CallName } from '../calls.ts'

export const TRACE_FORMAT = 'pynet-trace'
export const TRACE_VERSION = 2

/** The code of a call that ended with an error without one: the program stopped waiting. */
export const ABORTED = 'ERR_ABORTED'

/** Who wrote a trace: one of our own programs, or what looks at a program from outside. */
export type TraceSource = 'pynet' | 'watch' | 'relay'

/** The first line: which program this is the trace of, and when it started (ISO 8601, UTC). */
export interface TraceHeader {
  readonly format: typeof TRACE_FORMAT
  readonly version: typeof TRACE_VERSION
  readonly source: TraceSource
  readonly program: string
  readonly pid: number
  readonly startedAt: string
}

/** Calls that only `watch` sees, for our own layer has no such calls. */
export type WatchedCallName = 'socket' | 'bind' | 'send' | 'select'

/** Any name is allowed: a reader draws one that it does not know as it stands. */
export type TraceCallName = CallName | WatchedCallName | (string & {})

/** Every other line: a call. Unknown fields beside these are allowed. */
export interface TraceCall {
  readonly call: TraceCallName
  /** Milliseconds since the program started, when the call returned; when it began, if it waits. */
  readonly at: number
  /** Milliseconds from the call to its return; absent while it waits. */
  readonly blocked?: number
  /** The call has not returned yet; its own object follows when it does. */
  readonly waiting?: true
  /** The socket's or listener's number, unique in the trace, from 1; absent for the keyboard. */
  readonly socket?: number
  readonly local?: Address
  /** Absent for a listener; of a failed connect the address as the caller gave it. */
  readonly remote?: Address
  /** What was sent, received or typed; absent at the end of input. */
  readonly bytes?: number
  /** Where the bytes begin in that direction's stream of that socket, from 0. */
  readonly offset?: number
  /** The first bytes, 32 at most, as hex; absent where there are none. */
  readonly head?: string
  /** The bytes that `send` was given, where it took fewer. */
  readonly asked?: number
  /** How many times in a row, on that socket, a nonblocking call found nothing. */
  readonly wouldBlock?: number
  /** The process or thread that made the call, where it is not the header's. */
  readonly process?: number
  /** The error's code, where the call failed. */
  readonly error?: string
}

/** What calls are told to, one by one: a file, lines for people, a summary. */
export interface TraceSink {
  write(call: TraceCall): void
  /** No call comes any more. */
  end(): void
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

const RECEIVING_CALLS: readonly TraceCallName[] = [
  'recv',
  'tryRecv',
  'read',
  'readLine',
  'readLines',
]

/** Returns whether the call takes bytes of a connection; `bytes: 0` is the end of data. */
export function isReceiving(call: TraceCallName): boolean {
  return RECEIVING_CALLS.includes(call)
}

/** Returns whether the call gives bytes to a connection. */
export function isSending(call: TraceCallName): boolean {
  return call === 'sendAll' || call === 'send'
}

const BLOCKING_CALLS: readonly TraceCallName[] = [
  ...['listen', 'accept', 'connect', 'shutdown', 'close', 'select', 'keyboard'],
  ...['sendAll', 'send', 'recv', 'read', 'readLine', 'readLines'],
]

/** Returns whether the call may wait; one that may not, or that is unknown, only takes its time. */
export function canBlock({ call, wouldBlock }: Pick<TraceCall, 'call' | 'wouldBlock'>): boolean {
  return BLOCKING_CALLS.includes(call) && wouldBlock === undefined
}

/**
 * Returns whether an error's code says that the program itself ended the call: it stopped waiting,
 * or closed the socket. Nothing has failed then.
 */
export function isGivenUp(code: string | undefined): boolean {
  return code === ABORTED || code === 'ERR_SOCKET_CLOSED'
}
