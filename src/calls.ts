// What a call of the sockets API is, and how it is published on node:diagnostics_channel.
import { channel } from 'node:diagnostics_channel'

/** A call published when it begins: the `Call` without what is known only at its return. */
export const CALL_START_CHANNEL = 'pynet.call.start'
/** The same `Call` object, published again when it returns. */
export const CALL_CHANNEL = 'pynet.call'

/** A call carries at most this many of its first bytes. */
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

/** One end of a connection: a numeric IP address (never IPv4-mapped IPv6) and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Which socket or listener a call is made on; a listener has no remote address. */
export interface Endpoint {
  /** Sockets and listeners are numbered from 1 in the order in which the process makes them. */
  readonly socket?: number
  readonly local?: Address
  readonly remote?: Address
}

/** What a call transferred. */
export interface Transfer {
  /** How many bytes; 0 for a call that receives is the end of data. */
  readonly bytes?: number
  /** Where these bytes begin in that direction's stream, from 0; none for the keyboard. */
  readonly offset?: number
  /** The first of them, HEAD_BYTES at most, as memory of their own. */
  readonly head?: Buffer
}

/** What is known of a call when it has returned. */
export interface Outcome extends Endpoint, Transfer {
  /** A nonblocking call found nothing. */
  readonly wouldBlock?: true
  /** Why the call failed. */
  readonly error?: unknown
}

/** A call of the layer, or a program's wait for its keyboard. */
export interface Call extends Outcome {
  readonly call: CallName
  /** Milliseconds since the process started (performance.now). */
  readonly startedAt: number
  /** The same, of the return; undefined until then. */
  readonly returnedAt?: number
}

const starts = channel(CALL_START_CHANNEL)
const returns = channel(CALL_CHANNEL)
let sockets = 0

/** Returns whether anybody listens; without a listener nothing of a call is noted. */
export function isTraced(): boolean {
  return returns.hasSubscribers
}

/** Returns the number of a new socket or listener. */
export function nextSocketNumber(): number {
  return ++sockets
}

/** Returns the transfer of these bytes, which begin at `offset` in their stream. */
export function transferOf(bytes: Uint8Array, offset?: number): Transfer {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
  return { bytes: bytes.length, head, ...(offset !== undefined && { offset }) }
}

/** Publishes that a call begins, and returns the call. */
export function callBegins(call: CallName, endpoint: Endpoint = {}): Call {
  const begun: Call = { call, ...endpoint, startedAt: performance.now() }
  starts.publish(begun)
  return begun
}

/** Publishes that a call has returned, and how. Only the first report counts. */
export function callReturns(call: Call, outcome: Outcome = {}): void {
  if (call.returnedAt !== undefined) return
  returns.publish(Object.assign(call, outcome, { returnedAt: performance.now() }))
}

/** Runs a call that returns a promise, and publishes it where anybody listens. */
export function traced<T>(
  name: CallName,
  endpoint: Endpoint | undefined,
  run: () => Promise<T>,
  outcomeOf: (value: T) => Outcome = () => ({}),
): Promise<T> {
  if (!isTraced()) return run()
  const call = callBegins(name, endpoint)
  const running = run()
  running.then(
    (value) => callReturns(call, outcomeOf(value)),
    (error) => callReturns(call, { error }),
  )
  return running
}
