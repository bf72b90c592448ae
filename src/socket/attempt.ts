// One attempt to connect to one address.
import { createConnection, type Socket } from 'node:net'
import { codedError } from './errors.ts'
import { Receiver } from './receiver.ts'
import { timedOutError } from './resolve.ts'
import { TcpSocket } from './tcp-socket.ts'
import { abortable, startTimeout } from './waiting.ts'

/**
 * A peer whose machine vanished is found out after a minute of silence and the ten probes, a second
 * apart, that libuv asks for (tcp(7), TCP_KEEPIDLE).
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 }

const DEFAULT_RECV_SIZE_BYTES = 65_536

export interface AttemptOptions {
  port: number
  /**
   * How long a recv or a send waits without a byte in either direction, in milliseconds, before it
   * rejects with ETIMEDOUT (it may take up to twice as long); the connection stays as it is.
   * Without it, there is no limit.
   */
  idleTimeoutMs?: number | undefined
  /** The most bytes that one read of the operating system brings (65,536). */
  recvSize?: number | undefined
}

/**
 * Connects to an IP address within `timeoutMs`. Rejects with Node's own error, with ETIMEDOUT when
 * the time is over, with `signal.reason` when aborted; nothing of a failed attempt stays behind.
 */
export function connectTo(
  ip: string,
  options: AttemptOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TcpSocket> {
  const { port, idleTimeoutMs, recvSize = DEFAULT_RECV_SIZE_BYTES } = options
  return abortable(signal, (resolve, reject) => {
    let isReading = false
    const receiver = new Receiver(() => {
      if (isReading) return
      isReading = true
      raw.read(0)
    })
    // With a buffer of our own, one read of the operating system is one chunk, as large as we
    // like, and to return false stops reading: from then on TCP's window holds the peer back.
    const raw = createConnection({
      host: ip,
      port,
      noDelay: true,
      ...KEEP_ALIVE,
      allowHalfOpen: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(recvSize),
        callback(count, buffer) {
          receiver.arrived(Buffer.from(buffer.buffer, buffer.byteOffset, count), true)
          isReading = receiver.isClosed
          return isReading
        },
      },
    })
    raw.pause()
    raw.on('error', reject)
    let socket: TcpSocket | undefined
    raw.once('connect', () => {
      if (isConnectedToItself(raw)) return refuseSelfConnection()
      socket = new TcpSocket(raw, receiver, idleTimeoutMs)
      resolve(socket)
    })
    const refuseSelfConnection = () => {
      // A reset leaves the port free for the server that was meant.
      raw.resetAndDestroy()
      reject(codedError('ECONNREFUSED', 'connection refused'))
    }
    const stopTimer = startTimeout(timeoutMs, () => reject(timedOutError()))
    return () => {
      stopTimer()
      raw.off('error', reject)
      if (socket !== undefined) return
      raw.on('error', () => {})
      raw.destroy()
    }
  })
}

/**
 * A port of the ephemeral range, with no server on it, may be the one that the operating system
 * gives our own end: TCP then connects the socket to itself (RFC 9293, 3.5, simultaneous open).
 */
function isConnectedToItself(raw: Socket): boolean {
  return raw.localPort === raw.remotePort && raw.localAddress === raw.remoteAddress
}
