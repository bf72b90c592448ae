// The clients of str-server: who is there, who is ready, and who is slow to take its replies.
import type { Listener } from '../socket/listener.ts'
import { Selector } from '../socket/selector.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { ClientEvents } from './client-events.ts'
import type { GrowingBytes } from './growing-bytes.ts'

/** A client that has not taken so many bytes of replies is not read from until it has. */
const UNSENT_LIMIT_BYTES = 262_144
const END_OF_DATA = Buffer.alloc(0)

type Source = TcpSocket | Listener

/** How to find out who has input. */
interface Poll {
  add(source: Source): void
  remove(source: Source): void
  /** Those who may have input, in the order they were added; yields a turn of the event loop. */
  ready(): Promise<Source[]>
}

/** The operating system tells who is ready (tutorial, section 7). */
export class Selecting implements Poll {
  readonly #selector = new Selector()

  add(source: Source): void {
    this.#selector.register(source)
  }

  remove(source: Source): void {
    this.#selector.unregister(source)
  }

  ready(): Promise<Source[]> {
    return this.#selector.select()
  }
}

/** Everybody is asked in turn, again and again (tutorial, section 6); this burns a processor. */
export class Polling implements Poll {
  readonly #sources = new Set<Source>()

  add(source: Source): void {
    this.#sources.add(source)
  }

  remove(source: Source): void {
    this.#sources.delete(source)
  }

  async ready(): Promise<Source[]> {
    await new Promise((resolve) => setImmediate(resolve))
    return [...this.#sources]
  }
}

/** One client: letters in, values of v back, and an eye on what it has not taken yet. */
class Client {
  readonly socket: TcpSocket
  readonly #list: ClientList
  /** How long v was in each reply of this turn; they go out together. */
  #replies: number[] = []
  #unsentBytes = 0
  #isPaused = false
  /** No letter of it counts any more; it leaves when it has all its replies. */
  #isLeaving = false
  #failure: Error | undefined

  constructor(socket: TcpSocket, list: ClientList) {
    this.socket = socket
    this.#list = list
  }

  /** Why the connection was lost, if it was. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Serves one letter if there is one; gives whether there may be more at once. */
  serveLetter(v: GrowingBytes): boolean {
    const letter = this.#isLeaving ? END_OF_DATA : this.#receiveLetter()
    if (letter === undefined) return false // it would block
    const isFull = letter.length > 0 && !v.append(letter)
    if (isFull) this.#list.events.onFull()
    if (isFull || letter.length === 0) {
      this.#leave()
      return false
    }
    const { length } = v
    this.#replies.push(length)
    this.#unsentBytes += length
    if (this.#unsentBytes >= UNSENT_LIMIT_BYTES) this.#pause()
    return !this.#isPaused
  }

  /** Sends the replies that have gathered. */
  sendReplies(v: GrowingBytes): void {
    if (this.#replies.length === 0) return
    const bytes = v.valuesAt(this.#replies)
    this.#replies = []
    // A failed send says nothing yet: the next read tells what became of the client.
    const settle = () => {
      this.#unsentBytes -= bytes.length
      if (this.#isLeaving) {
        if (this.#unsentBytes === 0) this.#wakeToLeave()
      } else if (this.#isPaused && this.#unsentBytes < UNSENT_LIMIT_BYTES) {
        this.#resume()
      }
    }
    this.socket.sendAll(bytes).then(settle, settle)
  }

  /** A letter, an empty Buffer when the client has left, undefined for nothing yet. */
  #receiveLetter(): Buffer | undefined {
    try {
      return this.socket.tryRecv(1)
    } catch (error) {
      this.#failure = error as Error
      return END_OF_DATA
    }
  }

  /** Leaves at once, or when all replies are sent; a lost connection has none to wait for. */
  #leave(): void {
    this.#isLeaving = true
    if (this.#unsentBytes > 0 && this.#failure === undefined) this.#pause()
    else this.#list.leave(this)
  }

  /** A closed socket counts as ready: the loop of the server looks here once more. */
  #wakeToLeave(): void {
    void this.socket.close()
    this.#resume()
  }

  #pause(): void {
    this.#isPaused = true
    this.#list.pause(this)
  }

  #resume(): void {
    this.#isPaused = false
    this.#list.resume(this)
  }
}

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
