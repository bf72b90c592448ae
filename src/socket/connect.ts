// Connecting: the first of a host's addresses that answers, and again until it works.
import { setTimeout as pause } from 'node:timers/promises'
import { traced } from '../calls.ts'
import { type Address, formatAddress } from './address.ts'
import { type AttemptOptions, connectTo } from './attempt.ts'
import { checkAddress, checkInteger, checkMilliseconds } from './checks.ts'
import { codeOf, reasonOf, SocketError, socketError } from './errors.ts'
import { endpoint } from './internal.ts'
import { resolveHost } from './resolve.ts'
import type { TcpSocket } from './tcp-socket.ts'

const MAX_RECV_SIZE_BYTES = 2 ** 31 - 1
/** After this long without an answer, the next address is tried as well. */
const STAGGER_MS = 250
const RETRY_PAUSE_MS = 100
/** The limit of the first of several tries; each later one may take twice as long. */
const FIRST_TRY_MS = 1000
/** The last try has the time to fail for a reason, and not just for lack of time. */
const LAST_TRY_MS = 100

export interface ConnectOptions extends AttemptOptions {
  /** A name or an IP address. */
  host: string
  /**
   * The time limit, in milliseconds, of each address's attempt and of finding the addresses;
   * without it, the operating system's.
   */
  timeoutMs?: number | undefined
  /** How long to keep trying, in milliseconds; without it there is one try. */
  retryMs?: number | undefined
  /** Ends the attempt; nothing of it stays behind. The promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
}

/**
 * Connects to a server (tutorial, section 2.2; connect(2)).
 *
 * All addresses of the host are tried in the resolver's order; one that has not answered within a
 * quarter of a second keeps trying while the next is tried too. Rejects with a SocketError with the host as given,
 * the port, and the last address's code (`ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT` for the time
 * limit); its message names each address that failed and why. A connection to oneself is refused.
 * Rejects with a RangeError for numbers out of range.
 */
export function connect(options: ConnectOptions): Promise<TcpSocket> {
  const asked = { remote: { host: options.host, port: options.port } }
  return traced(
    'connect',
    asked,
    () => keepConnecting(options),
    (socket) => socket[endpoint],
  )
}

/** Tries until it works or the time is over. */
async function keepConnecting(options: ConnectOptions): Promise<TcpSocket> {
  const { host, port, timeoutMs, retryMs, idleTimeoutMs, recvSize, signal } = options
  checkAddress(host, port, 1)
  checkInteger('recvSize', recvSize, 1, MAX_RECV_SIZE_BYTES)
  checkMilliseconds('timeoutMs', timeoutMs)
  checkMilliseconds('retryMs', retryMs)
  checkMilliseconds('idleTimeoutMs', idleTimeoutMs)
  const deadline = performance.now() + (retryMs ?? Infinity)
  // One address that does not answer must not use up the time in which another may come up.
  for (let tryMs = retryMs === undefined ? Infinity : FIRST_TRY_MS; ; tryMs *= 2) {
    signal?.throwIfAborted()
    const leftMs = Math.max(LAST_TRY_MS, deadline - performance.now())
    try {
      return await connectOnce(options, performance.now() + Math.min(tryMs, leftMs))
    } catch (error) {
      if (retryMs === undefined || performance.now() >= deadline || signal?.aborted) throw error
    }
    // An abort ends the pause, and the next turn of the loop rejects with its reason.
    await pause(RETRY_PAUSE_MS, undefined, { signal }).catch(() => {})
  }
}

/** One try with all addresses of the host, which ends at the deadline (of performance.now). */
async function connectOnce(options: ConnectOptions, deadline: number): Promise<TcpSocket> {
  const { host, port, timeoutMs = Infinity, signal } = options
  const limitMs = () => Math.min(timeoutMs, deadline - performance.now())
  let ips: string[] = []
  try {
    const found = await resolveHost(host, limitMs(), signal)
    ips = found.map(({ address }) => address)
    return await connectToFirst(ips, options, limitMs)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw failureOf({ host, port }, ips, error)
  }
}

/**
 * Tries the addresses in their order: the next when one fails, or, while that goes on, when one has
 * not answered for a quarter of a second (RFC 8305). Rejects with an AggregateError if all fail.
 *
 * Node's own race (`autoSelectFamily`) tries one address at a time and gives each but the last up
 * when its time is over: with a short time a slow address is lost, with a long one a silent address
 * holds up the next. Here they go on side by side.
 */
async function connectToFirst(
  ips: readonly string[],
  options: ConnectOptions,
  limitMs: () => number,
): Promise<TcpSocket> {
  options.signal?.throwIfAborted()
  const ending = new AbortController()
  const abort = () => ending.abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  let turn: Promise<unknown> = Promise.resolve()
  const attempts = ips.map((ip) => {
    const attempt = turn.then(() => connectTo(ip, options, limitMs(), ending.signal))
    const pauseOrEnd = () => pause(STAGGER_MS, undefined, { signal: ending.signal })
    turn = turn.then(() => Promise.race([attempt, pauseOrEnd()])).catch(() => {})
    return attempt
  })
  let first: TcpSocket | undefined
  try {
    first = await Promise.any(attempts)
    return first
  } finally {
    options.signal?.removeEventListener('abort', abort)
    ending.abort()
    // Two may answer in one turn.
    const closeSecond = (socket: TcpSocket) => void (socket !== first && socket.close())
    for (const attempt of attempts) attempt.then(closeSecond, () => {})
  }
}

/** Returns one error for all addresses. */
function failureOf(asked: Address, ips: readonly string[], error: unknown): SocketError {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
  const cause = errors.at(-1)
  if (ips.length === 0 || ips[0] === asked.host)
    return socketError('cannot connect to', asked, cause)
  const reasons = ips.map((ip, index) => `${reasonOf(errors[index])} at ${ip}`)
  const message = `cannot connect to ${formatAddress(asked)}: ${reasons.join(', ')}`
  return new SocketError(codeOf(cause), message, asked, { cause })
}
