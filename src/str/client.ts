// A client of str-server: its letters, its replies, and whether it takes them.
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { ClientList } from './client-list.ts'
import type { GrowingBytes } from './growing-bytes.ts'

/** A client that has not taken so many bytes of replies is not read from until it has. */
const UNSENT_LIMIT_BYTES = 262_144
const END_OF_DATA = Buffer.alloc(0)

/** One client: letters in, values of v back, and an eye on what it has not taken yet. */
export class Client {
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
