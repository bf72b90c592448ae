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

export class Clients {
  readonly #poll: Poll
  readonly #report: (client: TcpSocket, error?: unknown) => void
  readonly #idleTimeoutMs: number
  /** Each client, and how many bytes had come from it when `#dropIdle` looked last. */
  readonly #clients = new Map<TcpSocket, number>()
  #lookedAt = performance.now()
  /** To these nothing can be sent any more; the letters that have come from them still count. */
  readonly #lost = new WeakSet<TcpSocket>()
  readonly #closing: Promise<void>[] = []

  /**
   * `report` gets each client that leaves, and the error if it was lost. A client that is silent for
   * `idleTimeoutMs`, or up to twice as long, is lost.
   */
  constructor(
    poll: Poll,
    report: (client: TcpSocket, error?: unknown) => void,
    idleTimeoutMs = Infinity,
  ) {
    this.#poll = poll
    this.#report = report
    this.#idleTimeoutMs = idleTimeoutMs
  }

  get size(): number {
    return this.#clients.size
  }

  add(client: TcpSocket): void {
    this.#clients.set(client, -1)
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
   * nothing costs 64 KiB of replies, and one more.
   */
  reply(client: TcpSocket, value: Uint8Array): boolean {
    if (this.#lost.has(client)) return true
    const sent = client.sendAll(value)
    if (!client.isSending) {
      sent.catch((error) => this.#lose(client, error))
      return true
    }
    const readOn = () => {
      if (this.#clients.has(client)) this.#poll.register(client)
    }
    this.#poll.unregister(client)
    sent.catch((error) => this.#lose(client, error)).then(readOn)
    return false
  }

  leave(client: TcpSocket, error?: unknown): void {
    if (!this.#clients.delete(client)) return
    this.#poll.unregister(client)
    this.#closing.push(client.close())
    this.#report(client, error)
  }

  /** Closes all connections, and makes them ready: whoever reads from one learns that it is closed. */
  closeAll(): void {
    for (const client of this.#clients.keys()) {
      this.#poll.register(client)
      void client.close()
    }
  }

  /** Resolves when the connections of all clients that have left are gone. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing)
  }

  /** A reply could not be sent. A client that takes nothing is given up; of others the letters count. */
  #lose(client: TcpSocket, error: SocketError): void {
    this.#lost.add(client) // a tryRecv says why, behind the last letter
    if (error.code === 'ETIMEDOUT') this.leave(client, error)
  }

  /** Drops the clients that have no reply to take, and have sent nothing since the last look. */
  async #dropIdle(): Promise<void> {
    // If this process was stopped for a while, there may be input that came in time: look once more.
    await turn()
    this.#lookedAt = performance.now()
    for (const [client, bytes] of this.#clients) {
      if (client.bytesReceived === bytes && !client.isSending) {
        this.leave(client, idleError(client.remoteAddress, this.#idleTimeoutMs))
      } else this.#clients.set(client, client.bytesReceived)
    }
  }
}

/** Asks all of them again and again, as strsvr.py does (section 6); this burns a processor. */
export class Polling implements Poll {
  readonly #sockets = new Set<TcpSocket>()

  register(socket: TcpSocket): void {
    this.#sockets.add(socket)
  }

  unregister(socket: TcpSocket): void {
    this.#sockets.delete(socket)
  }

  async select(): Promise<TcpSocket[]> {
    await turn()
    return [...this.#sockets]
  }
}
