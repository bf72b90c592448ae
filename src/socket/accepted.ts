// Reading from an accepted socket: Node gives us no way to supply the buffer.
import type { Socket } from 'node:net'
import type { Address } from './address.ts'
import { Receiver } from './receiver.ts'
import { TcpSocket } from './tcp-socket.ts'

/** Reading stops when this many bytes wait and no reader has taken them. */
const READ_AHEAD_BYTES = 16_384

/**
 * Returns the socket of a connection that Node has accepted. Node reads up to 64 KiB of it at a
 * time and, once it has begun, one chunk ahead of the reader. Pass `localAddress` if you know it:
 * asking the operating system takes time.
 */
export function acceptedSocket(
  raw: Socket,
  idleTimeoutMs: number | undefined,
  localAddress: Address | undefined,
): TcpSocket {
  let isReading = false
  const receiver = new Receiver(() => {
    if (isReading) return
    isReading = true
    raw.resume()
  })
  raw.on('data', (chunk: Buffer) => {
    if (receiver.arrived(chunk, false) || receiver.length < READ_AHEAD_BYTES) return
    isReading = false
    raw.pause()
  })
  return new TcpSocket(raw, receiver, idleTimeoutMs, localAddress)
}
