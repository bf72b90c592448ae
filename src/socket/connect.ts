// Connecting: every address of a host in turn, each with its time limit, and again until it works.
import { lookup } from 'node:dns'
import { createConnection, isIP } from 'node:net'
import { traced } from '../trace/calls.ts'
import { type Address, formatAddress } from './address.ts'
import { codeOf, reasonOf, SocketError, socketError } from './errors.ts'
import { Receiver } from './receiver.ts'
import { subject } from './subject.ts'
import { TcpSocket } from './tcp-socket.ts'
import { checkMilliseconds, startTimer } from './timer.ts'

const DEFAULT_RECV_SIZE_BYTES = 65_536
const RETRY_PAUSE_MS = 100

export interface ConnectOptions {
  /** A name or an IP address. */
  host: string
  port: number
  /** The time limit of each attempt, in milliseconds; without it, the operating system's. */
  timeoutMs?: number | undefined
  /** How long to keep trying, in milliseconds; without it there is one try. */
  retryMs?: number | undefined
  /**
   * How long a read waits for the next byte, in milliseconds, before it rejects with ETIMEDOUT;
   * the connection stays as it is. Without it, for ever. socket(7), SO_RCVTIMEO.
   */
  idleTimeoutMs?: number | undefined
  /** The most bytes that one read of the operating system brings. */
  recvSize?: number | undefined
  /** Ends the attempt; nothing of it stays behind. The promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
}

/**
 * Connects to a server (tutorial, section 2.2; connect(2)).
 *
 * All addresses of the host are tried in the resolver's order. Rejects with a SocketError with the
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
    (socket) => ({ subject: socket[subject] }),
  )
}

/** Tries until it works or the time is over. */
async function keepConnecting(options: ConnectOptions): Promise<TcpSocket> {
  const { retryMs, timeoutMs = Infinity, signal } = options
  checkOptions(options)
  const deadline = performance.now() + (retryMs ?? Infinity)
  for (;;) {
    signal?.throwIfAborted()
    try {
      // An attempt that hangs must not outlast the time for all of them.
      const leftMs = Math.max(1, deadline - performance.now())
      return await connectOnce({ ...options, timeoutMs: Math.min(timeoutMs, leftMs) })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const leftMs = deadline - performance.now()
      if (retryMs === undefined || leftMs <= 0) throw error
      await pause(Math.min(RETRY_PAUSE_MS, leftMs), signal)
    }
  }
}

/** One try with every address of the host. */
async function connectOnce(options: ConnectOptions): Promise<TcpSocket> {
  const { host, port, signal } = options
  const address = { host, port }
  const failures: { ip: string; error: unknown }[] = []
  for (const ip of await resolve(address, signal)) {
    try {
      return await connectTo(ip, options)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      failures.push({ ip, error })
    }
  }
  const last = failures.at(-1)
  const [only] = failures
  if (only !== undefined && only === last && only.ip === host) {
    throw socketError('cannot connect to', address, only.error)
  }
  const reasons = failures.map(({ ip, error }) => `${reasonOf(error)} at ${ip}`)
  const message = `cannot connect to ${formatAddress(address)}: ${reasons.join(', ')}`
  throw new SocketError(codeOf(last?.error), message, address, { cause: last?.error })
}

/** The IP addresses of a host, in the resolver's order (getaddrinfo(3)). */
function resolve(address: Address, signal?: AbortSignal): Promise<string[]> {
  if (isIP(address.host)) return Promise.resolve([address.host])
  return new Promise((found, reject) => {
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    lookup(address.host, { all: true }, (error, entries) => {
      signal?.removeEventListener('abort', abort)
      if (error) reject(socketError('cannot connect to', address, error))
      else found(entries.map((entry) => entry.address))
    })
  })
}

/** One attempt with one address. */
function connectTo(ip: string, options: ConnectOptions): Promise<TcpSocket> {
  const { port, timeoutMs = Infinity, idleTimeoutMs, signal } = options
  const { recvSize = DEFAULT_RECV_SIZE_BYTES } = options
  return new Promise((connected, reject) => {
    signal?.throwIfAborted()
    const receiver = new Receiver()
    let reading = false
    // With a buffer of our own, one read of the operating system is one chunk, as large as we
    // like, and to return false stops reading: from then on TCP's window holds the peer back.
    const raw = createConnection({
      host: ip,
      port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(recvSize),
        callback(count, buffer) {
          reading = receiver.arrived(Buffer.from(buffer.buffer, buffer.byteOffset, count), true)
          return reading
        },
      },
    })
    raw.pause()
    receiver.demand = () => {
      if (reading) return
      reading = true
      raw.read(0)
    }

    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      raw.off('error', fail)
      raw.off('connect', succeed)
    }
    const fail = (error: unknown) => {
      settle()
      raw.on('error', () => {})
      raw.destroy()
      reject(error)
    }
    const abort = () => fail(signal?.reason)
    const succeed = () => {
      settle()
      connected(new TcpSocket(raw, receiver, idleTimeoutMs))
    }
    const outOfTime = () => fail(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }))
    const timer = startTimer(outOfTime, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    raw.once('error', fail)
    raw.once('connect', succeed)
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
