// The clients of str-server: who is there, who has input, and who still has to take a reply.
import { setImmediate as turn } from 'node:timers/promises'
import {
  idleError,
  type Listener,
  type Selector,
  type SocketError,
  type TcpSocket,
} from '../socket/index.ts'

/** How to find out which clients have input: both ways give the same answer. */
export type Poll = Pick<Selector, 'register' | 'unregister' | 'select'>

/** Runs `work`, closes the connection when it is over or the server ends, and says why. */
type Serve = (client: TcpSocket, work: () => Promise<void>) => Promise<void>

interface Client {
  /** Ends its work, with the error if it was lost. */
  readonly leave: (error?: unknown) => void
  /** How many bytes had come from it when `#dropIdle` looked last. */
  bytes: number
  /** Nothing can be sent to it any more; the letters that have come from it still count. */
  isUnreachable: boolean
}

export class Clients {
  readonly #poll: Poll
  readonly #serve: Serve
  readonly #idleTimeoutMs: number
  readonly #clients = new Map<TcpSocket, Client>()
  #lookedAt = performance.now()

  /** A client that is silent for `idleTimeoutMs`, or up to twice as long, is lost. */
  constructor(poll: Poll, serve: Serve, idleTimeoutMs = Infinity) {
    this.#poll = poll
    this.#serve = serve
    this.#idleTimeoutMs = idleTimeoutMs
  }

  get size(): number {
    return this.#clients.size
  }

  add(client: TcpSocket): void {
    const gone = new Promise<unknown>((leave) => {
      this.#clients.set(client, { leave, bytes: -1, isUnreachable: false })
    })
    void this.#serve(client, async () => {
      const error = await gone
      if (error !== undefined) throw error
    })
    this.#poll.register(client)
  }

  /** Adds whoever connects, until the listener is closed. */
  async addAllFrom(listener: Listener): Promise<void> {
    for await (const client of listener) this.add(client)
  }

  /** Resolves with clients that may have input; each call yields a turn of the event loop. */
  async ready(): Promise<TcpSocket[]> {
    const ready = (await this.#poll.select(this.#idleTimeoutMs)) as TcpSocket[]
    if (performance.now() - this.#lookedAt < this.#idleTimeoutMs) return ready
    await this.#dropIdle()
    return ready.filter((client) => this.#clients.has(client))
  }

  /**
   * Sends a reply; returns whether the client may be read from. Where the operating system does not
   * take the replies, nothing more is read from their client until it has: so a client that takes
   * nothing holds at most 64 KiB of replies plus one.
   */
  reply(client: TcpSocket, value: Uint8Array): boolean {
    if (this.#clients.get(client)?.isUnreachable) return true
    const sent = client.sendAll(value)
    if (!client.isSending) {
      sent.catch((error) => this.#noteUnsent(client, error))
      return true
    }
    this.#poll.unregister(client)
    const readOn = () => {
      if (this.#clients.has(client)) this.#poll.register(client)
    }
    sent.catch((error) => this.#noteUnsent(client, error)).then(readOn)
    return false
  }

  leave(client: TcpSocket, error?: unknown): void {
    this.#clients.get(client)?.leave(error)
    this.#clients.delete(client)
    this.#poll.unregister(client)
  }

  /** The server ends. */
  leaveAll(): void {
    for (const client of this.#clients.keys()) this.leave(client)
  }

  /** A client that takes nothing is given up; the letters of any other lost client still count. */
  #noteUnsent(client: TcpSocket, error: SocketError): void {
    const entry = this.#clients.get(client)
    if (entry !== undefined) entry.isUnreachable = true // a tryRecv says why, behind the last letter
    if (error.code === 'ETIMEDOUT') this.leave(client, error)
  }

  /** Drops the clients that have no reply to take, and have sent nothing since the last look. */
  async #dropIdle(): Promise<void> {
    // If this process was stopped for a while, there may be input that came in time: look once more.
    await turn()
    this.#lookedAt = performance.now()
    for (const [client, entry] of this.#clients) {
      if (client.bytesReceived === entry.bytes && !client.isSending) {
        this.leave(client, idleError(client.remoteAddress, this.#idleTimeoutMs))
      } else entry.bytes = client.bytesReceived
    }
  }
}
