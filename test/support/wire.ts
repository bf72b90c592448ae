// Bare TCP sockets of node:net: the other end of the wire, under the full control of a test.
import { randomInt } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { within } from './waiting.ts'

const LOOPBACK = '127.0.0.1'

export interface RawSocket {
  readonly socket: Socket
  readonly localPort: number
  /** Every byte so far. */
  readonly received: Buffer
  /** Resolves with all bytes so far, when there are at least so many. */
  waitForBytes(count: number): Promise<Buffer>
  /** Resolves with all bytes so far, when they meet the condition. Rejects if the data ends first. */
  waitFor(condition: (received: Buffer) => boolean, what: string): Promise<Buffer>
  /** Resolves with every byte, at the peer's end of data. Rejects at a reset. */
  untilEnd(): Promise<Buffer>
  /** Resolves when the bytes are with the operating system. */
  send(data: string | Uint8Array): Promise<void>
  /** Ends our data; receiving goes on. */
  shutdown(): void
  /** Throws if a byte comes within that time: a claim that nothing comes takes time. */
  expectSilence(milliseconds: number): Promise<void>
  /** Cuts the connection with a reset (RST), as a crashed program does. */
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
    waitFor: (condition, what) => until(() => condition(received), what),
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

/** Sends a letter to str-server; resolves with the reply to it, which is longer than `before`. */
export async function exchange(client: RawSocket, letter: string, before = ''): Promise<string> {
  const start = client.received.length
  await client.send(letter)
  const isWhole = (received: Buffer) =>
    received.length - start > before.length && received.at(-1) === letter.charCodeAt(0)
  const received = await client.waitFor(isWhole, `the reply to ${letter}`)
  return received.toString('latin1', start)
}

/** A connection to a server; it ends with the test. */
export async function connectRaw(port: number, host = LOOPBACK): Promise<RawSocket> {
  return wrap(await connectUnread(port, host))
}

/** A connection whose data nobody reads: the peer's bytes pile up until the buffers are full. */
export async function connectUnread(port: number, host = LOOPBACK): Promise<Socket> {
  const socket = openSocket(port, host)
  await within(once(socket, 'connect'), `a connection to ${host} port ${port}`)
  return socket
}

/** Many connections at once that nobody reads from. */
export async function connectCrowd(port: number, count: number): Promise<Socket[]> {
  const crowd = Array.from({ length: count }, () => openSocket(port, LOOPBACK))
  const connected = Promise.all(crowd.map((socket) => once(socket, 'connect')))
  await within(connected, `${count} connections to port ${port}`)
  return crowd
}

function openSocket(port: number, host: string): Socket {
  const socket = netConnect({ port, host, allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

/** How many of a crowd the server has closed or reset, as far as has been read. */
export function countGone(crowd: readonly Socket[]): number {
  return crowd.filter((socket) => socket.readableEnded || socket.destroyed).length
}

/** Sends one request over a connection of its own, and resolves with the whole answer. */
export function ask(port: number, request: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ port, host: LOOPBACK, allowHalfOpen: true, noDelay: true })
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

/** A server of the test's own; `accept` resolves with its next client. */
export async function listenRaw(): Promise<{ port: number; accept(): Promise<RawSocket> }> {
  const clients: RawSocket[] = []
  const arrivals = new EventEmitter()
  const port = await openServer((client) => {
    clients.push(client)
    arrivals.emit('client')
  })
  const accept = async () => {
    for (;;) {
      const client = clients.shift()
      if (client !== undefined) return client
      await within(once(arrivals, 'client'), 'a client')
    }
  }
  return { port, accept }
}

/**
 * A server of the test's own, for the clients of pynet: `serve` gets each connection. Where it
 * fails because the client has left, the client's output shows what is wrong.
 */
export function serveRaw(serve: (client: RawSocket) => unknown): Promise<number> {
  return openServer(async (client) => {
    try {
      await serve(client)
    } catch {
      client.socket.destroy()
    }
  })
}

/** Resolves with the port. The server and its connections end with the test. */
function openServer(onClient: (client: RawSocket) => unknown): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    onClient(wrap(socket))
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listenAnywhere(server)
}

async function listenAnywhere(server: Server): Promise<number> {
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Below the ports that systems choose for themselves, so that no other test is given one of these. */
const UNCHOSEN = { first: 10_000, count: 10_000 }

/** A port where nobody listens. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = UNCHOSEN.first + randomInt(UNCHOSEN.count)
    const server = createServer().listen(port, LOOPBACK)
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
