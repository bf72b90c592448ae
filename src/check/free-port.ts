// A free port for a server under check.
import { createSocket } from 'node:dgram'
import { codeOf, listen } from '../socket/index.ts'

/** Operating systems take other ports for what asks for any: nobody gets one of these by chance. */
const FIRST_PORT = 20_000
const PORTS = 10_000

/** A port that nobody used when it was chosen. */
export interface FreePort {
  readonly port: number
  /** Lets other checks have it. */
  release(): void
}

/**
 * Chooses a port on which nobody listens. Other checks on this machine leave it alone until it is
 * released: each of them holds the UDP port of the same number, which no program under check uses.
 */
export async function chooseFreePort(): Promise<FreePort> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const release = await reserve(port)
    if (release === undefined) continue
    if (await isFree(port)) return { port, release }
    release()
  }
}

/** Resolves with the way to give it up, or with undefined if another check has it. */
function reserve(port: number): Promise<(() => void) | undefined> {
  const socket = createSocket('udp4')
  return new Promise((resolve) => {
    socket.once('error', (error) => {
      socket.close()
      // Where no port can be reserved, one does without.
      resolve(codeOf(error) === 'EADDRINUSE' ? undefined : () => {})
    })
    socket.bind({ port, address: '127.0.0.1' }, () => resolve(() => socket.close()))
  })
}

async function isFree(port: number): Promise<boolean> {
  try {
    const probe = await listen({ port })
    await probe.close()
    return true
  } catch {
    return false
  }
}
