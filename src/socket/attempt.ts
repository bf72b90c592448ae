// One attempt to connect to one address.
import { createConnection } from 'node:net'
import { Receiver } from './receiver.ts'
import { TcpSocket } from './tcp-socket.ts'
import { startTimer } from './timer.ts'

const DEFAULT_RECV_SIZE_BYTES = 65_536

export interface AttemptOptions {
  port: number
  /**
   * The time limit, in milliseconds, of each address's attempt and of finding the addresses;
   * without it, the operating system's.
   */
  timeoutMs?: number | undefined
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
 * Connects to an IP address; `timeoutMs` is the limit of this attempt. Rejects with Node's own
 * error, with code ETIMEDOUT when the time is over, with `signal.reason` when aborted; nothing of
 * a failed attempt stays behind.
 */
export function connectTo(ip: string, options: AttemptOptions): Promise<TcpSocket> {
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
    const outOfTime = () => fail(timedOut())
    const timer = startTimer(outOfTime, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    raw.once('error', fail)
    raw.once('connect', succeed)
  })
}

/** The error of an attempt whose time is over. */
export function timedOut(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
}
