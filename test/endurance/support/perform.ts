// Does what a plan says, over a raw connection of Node: none of pynet's own code is at this end.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Counts } from './outcome.ts'
import type { Step } from './plan.ts'

const SLOW_READ_MS = 15

/** Connects, performs the plan and leaves, whatever becomes of the connection meanwhile. */
export async function performAsClient(
  port: number,
  steps: readonly Step[],
  counts: Counts,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  socket.pause()
  counts.connections++
  // One whose first step is a reset does not wait until it is connected.
  if (steps[0]?.do !== 'reset') await settled(socket, 'connect')
  await perform(socket, steps, counts)
  socket.destroy()
  await settled(socket, 'close')
}

/** Performs the steps one after another, as long as the connection lives. */
export async function perform(
  socket: Socket,
  steps: readonly Step[],
  counts: Counts,
): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return
    counts.actions++
    await performStep(socket, step, counts)
  }
}

async function performStep(socket: Socket, step: Step, counts: Counts): Promise<void> {
  switch (step.do) {
    case 'send':
      socket.write(step.bytes)
      break
    case 'trickle':
      for (const byte of step.bytes) {
        socket.write(Uint8Array.of(byte))
        await delay(1)
      }
      break
    case 'pause':
      await delay(step.ms)
      break
    case 'read':
      await readFor(socket, step.ms)
      break
    case 'read slowly':
      for (let left = step.ms; left > 0 && !socket.destroyed; left -= SLOW_READ_MS) {
        socket.read()
        await delay(SLOW_READ_MS)
      }
      break
    case 'end':
      socket.end()
      break
    case 'close':
      socket.destroy()
      break
    case 'reset':
      reset(socket)
      counts.resets++
  }
}

/**
 * Node can't reset a connection while its end of data is still behind unsent bytes: it says EINVAL
 * and leaves the descriptor open for ever. A plain close is the nearest there is.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}

async function readFor(socket: Socket, ms: number): Promise<void> {
  if (socket.readableEnded) return
  const over = new AbortController()
  const ended = settled(socket, 'end', over.signal)
  socket.resume()
  await Promise.race([ended, delay(ms, undefined, { signal: over.signal }).catch(() => {})])
  over.abort()
  socket.pause()
}

/** Resolves at the event or at the close of the socket, whichever comes first. */
export async function settled(socket: Socket, event: string, signal?: AbortSignal): Promise<void> {
  if (socket.closed) return
  const over = new AbortController()
  const options = {
    signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]),
  }
  await Promise.race([once(socket, event, options), once(socket, 'close', options)]).catch(() => {})
  over.abort()
}
