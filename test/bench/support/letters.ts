// The clients of a str server, all in one process: they send letters and count what comes back.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { processorSeconds } from './proc.ts'
import type { Program } from './programs.ts'

const LETTER = Buffer.from('x')
const CONNECT_AT_ONCE = 100
const READ_BYTES = 65_536

/** All clients together: a read is only counted, which is as cheap as Node makes it. */
class Crowd {
  readonly #port: number
  readonly #sockets: Socket[] = []
  readonly #memory = Buffer.alloc(READ_BYTES)
  /** Bytes that are still to come until `wake` is called. */
  #missing = 0
  #wake = () => {}
  #fail = (_error: Error) => {}

  constructor(port: number) {
    this.#port = port
  }

  async connect(count: number): Promise<void> {
    while (this.#sockets.length < count) {
      const batch = Math.min(CONNECT_AT_ONCE, count - this.#sockets.length)
      const sockets = Array.from({ length: batch }, () => this.#open())
      await Promise.all(sockets.map((socket) => once(socket, 'connect')))
      this.#sockets.push(...sockets)
    }
  }

  /** The first so many clients send `letters` at once; resolves when so many bytes came back. */
  async exchange(clients: number, letters: Uint8Array, replyBytes: number): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      this.#fail = reject
    })
    this.#missing = replyBytes
    for (let i = 0; i < clients; i++) this.#sockets[i]?.write(letters)
    await answered
  }

  leave(): void {
    for (const socket of this.#sockets) socket.end()
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(): Socket {
    const take = (bytes: number) => {
      this.#missing -= bytes
      if (this.#missing === 0) this.#wake()
      if (this.#missing < 0) this.#fail(new Error('more bytes came back than were to come'))
      return true
    }
    const socket = connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
      onread: { buffer: this.#memory, callback: take },
    })
    // No letter is on its way when a connection ends, or the exchange never would.
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server ended a connection')))
    return socket
  }
}

/** The bytes of so many replies, when the string has grown to `length` before the first. */
function replyBytes(length: number, replies: number): number {
  return replies * length + (replies * (replies + 1)) / 2
}

/** So many letters are told of apart: by then no server's code has been compiled for speed. */
export const FIRST_LETTERS = 4000

interface Dialogue {
  seconds: number
  /** The first FIRST_LETTERS of them. */
  firstSeconds: number
  /** Processor time of the server meanwhile. */
  serverSeconds: number
  /** Processor time of the clients meanwhile: near `seconds`, they are what is measured. */
  clientSeconds: number
}

/** Runs a dialogue with a server that was just started and keeps its output, and waits for its end. */
async function withCrowd(
  server: Program,
  clients: number,
  letters: number,
  talk: (crowd: Crowd, firstAreAnswered: () => void) => Promise<void>,
): Promise<Dialogue> {
  const crowd = new Crowd(await server.ready())
  try {
    await crowd.connect(clients)
    // The first reply says that the server has taken all clients.
    await crowd.exchange(1, LETTER, 1)
    const before = processorSeconds(server.pid)
    const ownBefore = process.cpuUsage()
    const start = performance.now()
    let firstEnd = start
    await talk(crowd, () => {
      firstEnd = performance.now()
    })
    const seconds = (performance.now() - start) / 1000
    const firstSeconds = (firstEnd - start) / 1000
    const own = process.cpuUsage(ownBefore)
    const clientSeconds = (own.user + own.system) / 1e6
    const serverSeconds = processorSeconds(server.pid) - before
    crowd.leave()
    const { stdout } = await server.succeeded()
    if (!stdout.endsWith(` ${'x'.repeat(letters + 1)}\n`)) throw new Error('letters were lost')
    return { seconds, firstSeconds, serverSeconds, clientSeconds }
  } finally {
    crowd.destroy()
  }
}

/**
 * Rounds in lockstep: each client sends a letter, and no one sends another before all replies of
 * the round are there. Which client has which reply is up to the server; all together they have a
 * known length.
 */
export function talkInRounds(server: Program, clients: number, letters: number): Promise<Dialogue> {
  return withCrowd(server, clients, letters, async (crowd, firstAreAnswered) => {
    for (let sent = 0; sent < letters; sent += clients) {
      await crowd.exchange(clients, LETTER, replyBytes(sent + 1, clients))
      if (sent + clients === FIRST_LETTERS) firstAreAnswered()
    }
  })
}

/** One client sends all letters in one write, which loopback passes on in one segment. */
export function talkInABurst(server: Program, letters: number): Promise<Dialogue> {
  return withCrowd(server, 1, letters, (crowd) =>
    crowd.exchange(1, Buffer.alloc(letters, LETTER), replyBytes(1, letters)),
  )
}
