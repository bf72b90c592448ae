// Reading from an accepted socket, to which Node lends no buffer of ours.
import type { Socket } from 'node:net'
import type { Address } from './address.ts'
import { Receiver } from './receiver.ts'
import { TcpSocket } from './tcp-socket.ts'

/** An accepted socket that has been asked to read stops when so much waits that nobody took. */
const READ_AHEAD_BYTES = 16_384

/**
 * Returns the socket of a connection that Node has accepted. Node reads up to 64 KiB of it at a
 * time and, once it has begun, one chunk ahead of the reader. `localAddress` is given where it is
 * known, for to ask the operating system takes time.
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
