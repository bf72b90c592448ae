// Reading from an accepted socket, to which Node lends no buffer of ours.
import type { Socket } from 'node:net'
import { Receiver } from './receiver.ts'

/** An accepted socket, once asked to read, stops when about so much waits that nobody took. */
const READ_AHEAD_BYTES = 16_384

/**
 * The receiver of an accepted socket. Node offers no buffer of our own here, so it reads up to
 * 64 KiB at a time and, once it has begun, one chunk ahead of who asks.
 */
export function receiveAccepted(raw: Socket): Receiver {
  const receiver = new Receiver()
  let reading = false
  receiver.demand = () => {
    if (reading) return
    reading = true
    raw.resume()
  }
  raw.on('data', (chunk: Buffer) => {
    if (receiver.arrived(chunk, false) || receiver.queue.length < READ_AHEAD_BYTES) return
    reading = false
    raw.pause()
  })
  return receiver
}
