// The clients of str-server: who is there, who has input, and who still has to take a reply.
import type { Listener, Selector, TcpSocket } from '../socket/index.ts'

/** How to find out which clients have input: both ways give the same answer. */
export type Poll = Pick<Selector, 'register' | 'unregister' | 'select'>

export class Clients {
  readonly #poll: Poll
  readonly #report: (client: TcpSocket, error?: unknown) => void
  readonly #clients = new Set<TcpSocket>()
  readonly #closing: Promise<void>[] = []

  /** `report` is told of each client that has left, and of the error with which it was lost. */
  constructor(poll: Poll, report: (client: TcpSocket, error?: unknown) => void) {
    this.#poll = poll
    this.#report = report
  }

  get size(): number {
    return this.#clients.size
  }

  add(client: TcpSocket): void {
    this.#clients.add(client)
    this.#poll.register(client)
  }

  /** Adds whoever connects, until the listener is closed. */
  async addAllFrom(listener: Listener): Promise<void> {
    for await (const client of listener) this.add(client)
  }

  /** Resolves with clients that may have input; each call yields a turn of the event loop. */
  async ready(): Promise<TcpSocket[]> {
    return (await this.#poll.select()) as TcpSocket[]
  }

  /**
   * Sends a reply; returns whether the operating system has taken it. If not, nothing more is read
   * from this client until it has: so a client that takes nothing costs one reply, and no more.
   */
  reply(client: TcpSocket, value: Uint8Array): boolean {
    const sent = client.sendAll(value)
    if (!client.isSending) {
      sent.catch(() => {}) // the connection is lost, and the next tryRecv says so
      return true
    }
    const readOn = () => {
      if (this.#clients.has(client)) this.#poll.register(client)
    }
    this.#poll.unregister(client)
    sent.then(readOn, readOn)
    return false
  }

  leave(client: TcpSocket, error?: unknown): void {
    this.#clients.delete(client)
    this.#poll.unregister(client)
    this.#closing.push(client.close())
    this.#report(client, error)
  }

  /** Closes all connections, and makes them ready: whoever reads from one learns that it is closed. */
  closeAll(): void {
    for (const client of this.#clients) {
      this.#poll.register(client)
      void client.close()
    }
  }

  /** Resolves when the connections of all clients that have left are gone. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing)
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
    await new Promise((resolve) => setImmediate(resolve))
    return [...this.#sockets]
  }
}
