// Connecting: the addresses of a host, with time limits, and again until it works.
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { traced } from '../calls.ts'
import type { Address } from './address.ts'
import { connectToAny } from './any-address.ts'
import { type AttemptOptions, timedOut } from './attempt.ts'
import { socketError } from './errors.ts'
import { subject } from './subject.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { checkMilliseconds, startTimer } from './timer.ts'

const RETRY_PAUSE_MS = 100
const LAST_TRY_MS = 100
/** So long may the first of several tries take; each after it has twice the time. */
const FIRST_ROUND_MS = 1000

export interface ConnectOptions extends AttemptOptions {
  /** A name or an IP address. */
  host: string
  /** How long to keep trying, in milliseconds; without it there is one try. */
  retryMs?: number | undefined
}

/**
 * Connects to a server (tutorial, section 2.2; connect(2)).
 *
 * All addresses of the host are tried in the resolver's order; one that does not answer within a
 * quarter of a second goes on beside the next. Rejects with a SocketError with the
 * host as given, the port, and the last address's code (`ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`
 * for the time limit); its message names each address that failed and why. RangeError for numbers
 * out of range.
 */
export function connect(options: ConnectOptions): Promise<TcpSocket> {
  const asked = { remote: { host: options.host, port: options.port } }
  return traced(
    'connect',
    asked,
    () => keepConnecting(options),
    (socket) => socket[subject],
  )
}

/** Tries until it works or the time is over. */
async function keepConnecting(options: ConnectOptions): Promise<TcpSocket> {
  const { retryMs, signal } = options
  checkOptions(options)
  const deadline = performance.now() + (retryMs ?? Infinity)
  // One address that does not answer must not use up the time in which another may come up.
  for (let roundMs = retryMs === undefined ? Infinity : FIRST_ROUND_MS; ; roundMs *= 2) {
    signal?.throwIfAborted()
    try {
      // The last try has the time to fail for a reason, and not just for want of time.
      const leftMs = Math.max(LAST_TRY_MS, deadline - performance.now())
      return await connectOnce(options, performance.now() + Math.min(leftMs, roundMs))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const leftMs = deadline - performance.now()
      if (retryMs === undefined || leftMs <= 0) throw error
      await pause(Math.min(RETRY_PAUSE_MS, leftMs), signal)
    }
  }
}

/** One try with all addresses of the host. */
async function connectOnce(options: ConnectOptions, deadline: number): Promise<TcpSocket> {
  const { host, port, timeoutMs = Infinity, signal } = options
  const address = { host, port }
  const limitMs = Math.min(timeoutMs, deadline - performance.now())
  const ips = await resolveHost(address, limitMs, signal)
  return connectToAny(ips, address, options, deadline)
}

/** The IP addresses of a host, in the resolver's order (getaddrinfo(3)). */
function resolveHost(
  address: Address,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (isIP(address.host)) return Promise.resolve([address.host])
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const abort = () => {
      settle()
      reject(signal?.reason)
    }
    const outOfTime = () => {
      settle()
      reject(socketError('cannot connect to', address, timedOut()))
    }
    const timer = startTimer(outOfTime, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    lookup(address.host, { all: true }, (error, entries) => {
      settle()
      if (error) reject(socketError('cannot connect to', address, error))
      else resolve(entries.map((entry) => entry.address))
    })
  })
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((over, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      over()
    }, milliseconds)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

function checkOptions(options: ConnectOptions): void {
  const { host, port, timeoutMs, retryMs, idleTimeoutMs, recvSize } = options
  if (host === '') throw new RangeError('host must not be empty')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`port must be an integer from 1 to 65535, not ${port}`)
  }
  if (
    recvSize !== undefined &&
    !(recvSize > 0 && Number.isInteger(recvSize) && recvSize < 2 ** 31)
  ) {
    throw new RangeError(`recvSize must be a positive integer below 2 GiB, not ${recvSize}`)
  }
  checkMilliseconds('timeoutMs', timeoutMs)
  checkMilliseconds('retryMs', retryMs)
  checkMilliseconds('idleTimeoutMs', idleTimeoutMs)
}
