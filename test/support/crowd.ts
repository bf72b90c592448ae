// Many bare connections at once, each with no more than it needs: a crowd, silent or rude.
import { once } from 'node:events'
import { connect as netConnect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { within } from './waiting.ts'

/** Connections that nobody reads from unless the test does; they end with the test. */
export async function connectCrowd(port: number, count: number): Promise<Socket[]> {
  const crowd = Array.from({ length: count }, () => {
    const socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    return socket
  })
  onTestFinished(() => {
    for (const socket of crowd) socket.destroy()
  })
  const connected = Promise.all(crowd.map((socket) => once(socket, 'connect')))
  await within(connected, `${count} connections to port ${port}`)
  return crowd
}

/** How many of them the server has closed or cut, as far as has been read. */
export function countGone(crowd: readonly Socket[]): number {
  return crowd.filter((socket) => socket.readableEnded || socket.destroyed).length
}

/** Sends one request over a connection of its own; gives the whole answer, and cuts the connection. */
export function ask(port: number, request: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('end', () => {
      resolve(answer)
      // Without a reset, tens of thousands of ports would wait a minute each (TIME_WAIT).
      socket.resetAndDestroy()
    })
    socket.write(request)
  })
}
