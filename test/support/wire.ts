// Bare TCP sockets of node:net: the other end of the wire, under the full control of a test.
import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { within } from './waiting.ts'

export interface RawSocket {
  readonly socket: Socket
  readonly localPort: number
  /** Every byte so far. */
  readonly received: Buffer
  /** Waits until that many bytes are there, and gives all there are. */
  waitForBytes(count: number): Promise<Buffer>
  /** Waits for the peer's end of data and gives every byte; rejects at a reset. */
  untilEnd(): Promise<Buffer>
  /** Resolves when the bytes are with the operating system. */
  send(data: string | Uint8Array): Promise<void>
  /** Ends the sending direction; receiving goes on. */
  shutdown(): void
  /** Throws if a byte comes within that time: a claim that nothing comes takes time. */
  expectSilence(milliseconds: number): Promise<void>
  /** Cuts the connection with a reset, as a crashed program or machine does. */
  reset(): void
}

function wrap(socket: Socket): RawSocket {
  let received: Buffer = Buffer.alloc(0)
  let ended = false
  let failure: Error | undefined
  const changed = new Set<() => void>()
  const notify = () => {
    for (const check of [...changed]) check()
  }
  socket.setNoDelay(true)
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    notify()
  })
  socket.on('end', () => {
    ended = true
    notify()
  })
  socket.on('error', (error) => {
    failure = error
    notify()
  })
  socket.on('close', () => {
    failure ??= new Error('the connection was closed')
    notify()
  })
  onTestFinished(() => {
    socket.destroy()
  })

  const until = (condition: () => boolean, what: string) => {
    const waiting = new Promise<Buffer>((resolve, reject) => {
      const check = () => {
        if (condition()) resolve(received)
        else if (failure) reject(failure)
        else if (ended) reject(new Error(`the end of data came before ${what}`))
        else return
        changed.delete(check)
      }
      changed.add(check)
      check()
    })
    return within(waiting, what, () => `${received.length} bytes`)
  }

  return {
    socket,
    localPort: socket.localPort ?? 0,
    get received() {
      return received
    },
    waitForBytes: (count) => until(() => received.length >= count, `${count} bytes came`),
    untilEnd: () => until(() => ended, 'the end of data'),
    send: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => (error ? reject(error) : resolve()))
      }),
    shutdown: () => {
      socket.end()
    },
    async expectSilence(milliseconds) {
      const before = received.length
      await delay(milliseconds)
      if (received.length > before) {
        throw new Error(`not silent: ${JSON.stringify(received.toString('latin1', before))}`)
      }
    },
    reset: () => {
      socket.resetAndDestroy()
    },
  }
}

export async function connectRaw(port: number, host = '127.0.0.1'): Promise<RawSocket> {
  const socket = netConnect({ port, host, allowHalfOpen: true })
  await within(once(socket, 'connect'), `a connection to ${host} port ${port}`)
  return wrap(socket)
}

/** A connection whose data nobody reads: the peer's bytes pile up until the windows are full. */
export async function connectUnread(port: number): Promise<Socket> {
  const socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  await within(once(socket, 'connect'), `a connection to port ${port}`)
  return socket
}

/**
 * A server of the test's own, for the clients of pynet: `serve` gets each connection. Where it
 * fails because the client has left, the client's output shows what is wrong.
 */
export async function serveRaw(
  serve: (client: RawSocket) => void | Promise<void>,
): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    try {
      await serve(wrap(socket))
    } catch {
      socket.destroy()
    }
  })
  onTestFinished(() => {
    server.close()
  })
  return listenAnywhere(server)
}

async function listenAnywhere(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A port where nobody listens: it was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  const port = await listenAnywhere(server)
  server.close()
  await once(server, 'close')
  return port
}
