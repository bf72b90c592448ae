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
  /** A send has failed: no reply can reach it any more, but what it sent before still counts. */
  #isLost = false
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
    if (this.#isLost && !this.#isLeaving) return this.#takeLetters(v)
    const letter = this.#isLeaving ? END_OF_DATA : this.#receive(1)
    if (letter === undefined) return false // it would block
    if (!this.#append(letter, v)) return false
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
    const settle = (failure: unknown) => {
      this.#unsentBytes -= bytes.length
      if (failure !== undefined) this.#isLost = true
      if (this.#isLeaving) {
        if (this.#unsentBytes === 0) this.#wakeToLeave()
      } else if (this.#isPaused && this.#unsentBytes < UNSENT_LIMIT_BYTES) {
        this.#resume()
      }
    }
    this.socket.sendAll(bytes).then(settle, settle)
  }

  /** All letters that are there, in one go: nobody waits for a reply to each. */
  #takeLetters(v: GrowingBytes): boolean {
    const letters = this.#receive(Math.max(1, v.room))
    return letters !== undefined && this.#append(letters, v)
  }

  /** Appends letters to v; the client leaves where there are none, or no room for them. */
  #append(letters: Buffer, v: GrowingBytes): boolean {
    const isFull = letters.length > 0 && !v.append(letters)
    if (isFull) this.#list.events.onFull()
    const isOver = isFull || letters.length === 0
    if (isOver) this.#leave()
    return !isOver
  }

  /** Letters, an empty Buffer when the client has left, undefined for nothing yet. */
  #receive(maxBytes: number): Buffer | undefined {
    try {
      return this.socket.tryRecv(maxBytes)
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
