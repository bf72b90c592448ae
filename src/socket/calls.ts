// Every call of the socket layer, told to whoever listens, on two channels of node:diagnostics_channel.
import { channel } from 'node:diagnostics_channel'
import type { Address } from './address.ts'

/** So many of a call's first bytes are told. */
export const HEAD_BYTES = 32

/** The names are the sockets API's; `keyboard` is a program's wait for a typed line. */
export type CallName =
  | 'listen'
  | 'accept'
  | 'connect'
  | 'recv'
  | 'tryRecv'
  | 'read'
  | 'readLine'
  | 'readLines'
  | 'sendAll'
  | 'shutdown'
  | 'close'
  | 'keyboard'

/** What a call is about: a socket, a listener (it has no remote address), or nothing of the two. */
export interface Subject {
  /** Sockets and listeners are numbered from 1 in the order in which the process makes them. */
  readonly socket?: number
  readonly local?: Address
  readonly remote?: Address
}

/** What a call transferred. */
export interface Transfer {
  /** 0 for a call that receives is the end of data. */
  readonly bytes: number
  /** Where these bytes begin in that direction's stream, from 0; none for the keyboard. */
  readonly offset?: number
  /** The first of them, HEAD_BYTES at most, as memory of their own. */
  readonly head: Buffer
}

/** A call, as it is published: on `pynet.call.start` when it begins, on `pynet.call` when it returns. */
export interface Call {
  readonly name: CallName
  subject: Subject
  /** Milliseconds since the process started (performance.now). */
  readonly startedAt: number
  /** The same, of the return; undefined until then. */
  returnedAt?: number
  transfer?: Transfer
  /** A nonblocking call found nothing. */
  wouldBlock?: boolean
  /** The call has failed. */
  error?: unknown
}

export const CALL_START_CHANNEL = 'pynet.call.start'
export const CALL_CHANNEL = 'pynet.call'

const starts = channel(CALL_START_CHANNEL)
const returns = channel(CALL_CHANNEL)
let subjects = 0

/** Whether anybody listens; without, nothing of a call is noted. */
export function isTraced(): boolean {
  return returns.hasSubscribers
}

/** The subject of a new socket or listener. */
export function newSubject(local: Address, remote?: Address): Subject {
  return remote === undefined
    ? { socket: ++subjects, local }
    : { socket: ++subjects, local, remote }
}

/** The transfer of these bytes, from `offset` in their stream. */
export function transferOf(bytes: Uint8Array, offset?: number): Transfer {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
  return offset === undefined
    ? { bytes: bytes.length, head }
    : { bytes: bytes.length, offset, head }
}

/** Publishes that a call begins. */
export function callBegins(name: CallName, subject: Subject = {}): Call {
  const call: Call = { name, subject, startedAt: performance.now() }
  starts.publish(call)
  return call
}

/** Publishes that it has returned, and how. */
export function callReturns(call: Call, how: Partial<Call> = {}): void {
  if (call.returnedAt !== undefined) return
  Object.assign(call, how, { returnedAt: performance.now() })
  returns.publish(call)
}

/** Runs a call that gives a promise, and publishes it where anybody listens. */
export function traced<T>(
  name: CallName,
  subject: Subject | undefined,
  run: () => Promise<T>,
  describe: (value: T) => Partial<Call> = () => ({}),
): Promise<T> {
  if (!isTraced()) return run()
  const call = callBegins(name, subject)
  const running = run()
  running.then(
    (value) => callReturns(call, describe(value)),
    (error) => callReturns(call, { error }),
  )
  return running
}
