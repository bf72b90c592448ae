// The clients of str-server: who is there, who is ready, who is left out for now.
import type { Listener } from '../socket/listener.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { Client } from './client.ts'
import type { ClientEvents } from './client-events.ts'
import type { Poll, Source } from './poll.ts'

/** All clients of str-server. */
export class ClientList {
  readonly events: ClientEvents
  readonly #poll: Poll
  readonly #clients = new Map<Source, Client>()
  readonly #closings = new Set<Promise<void>>()
  #listener: Listener | undefined
  #hasAnyCome = false

  constructor(poll: Poll, events: ClientEvents) {
    this.#poll = poll
    this.events = events
  }

  /** Whether somebody was there, and nobody is any more. */
  get haveAllLeft(): boolean {
    return this.#hasAnyCome && this.#clients.size === 0
  }

  add(socket: TcpSocket): void {
    this.#hasAnyCome = true
    this.#clients.set(socket, new Client(socket, this))
    this.#poll.add(socket)
  }

  /** Takes whoever connects from now on. */
  expectFrom(listener: Listener): void {
    this.#listener = listener
    this.#poll.add(listener)
  }

  /** Waits until clients have input, and gives those. */
  async ready(): Promise<Client[]> {
    const sources = await this.#poll.ready()
    if (this.#listener !== undefined) this.#acceptAll(this.#listener)
    const ready: Client[] = []
    for (const source of sources) {
      const client = this.#clients.get(source)
      if (client !== undefined) ready.push(client)
    }
    return ready
  }

  leave(client: Client): void {
    if (!this.#clients.delete(client.socket)) return
    this.#poll.remove(client.socket)
    this.events.onLeft(client.socket.remoteAddress, client.failure)
    const closing = client.socket.close()
    this.#closings.add(closing)
    void closing.then(() => this.#closings.delete(closing))
  }

  pause(client: Client): void {
    this.#poll.remove(client.socket)
  }

  resume(client: Client): void {
    if (this.#clients.has(client.socket)) this.#poll.add(client.socket)
  }

  /** Closes all connections, which makes them ready to leave; resolves when they are gone. */
  async close(): Promise<void> {
    const closings = [...this.#clients.values()].map((client) => client.socket.close())
    await Promise.all([...closings, ...this.#closings])
  }

  /** Takes all connections that are there; waits for none. */
  #acceptAll(listener: Listener): void {
    for (let socket = listener.tryAccept(); socket !== undefined; socket = listener.tryAccept()) {
      this.add(socket)
    }
  }
}
