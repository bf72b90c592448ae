// The sending half of a connection: writes that the operating system has still to take.
import type { Socket } from 'node:net'
import type { SocketError } from './errors.ts'

const NOTHING = Buffer.alloc(0)
const TAKEN = Promise.resolve()

/** Why a waiting write was given up; makes its error. */
type Failure = () => SocketError

/**
 * Hands bytes to the operating system in the order of the calls, whole, and settles each call.
 *
 * Node reports success for a write that was in flight when its socket was destroyed; so the pending
 * writes are kept here, and the code that ends the connection rejects them.
 */
export class Sender {
  readonly #raw: Socket
  /** Ends each write that waits: with the reason if it failed. */
  #pending: Set<(failure?: Failure) => void> | undefined
  /** Ends when the last call that goes out in parts, or waits for one, is over. */
  #turn: Promise<void> | undefined

  constructor(raw: Socket) {
    this.#raw = raw
  }

  /** Whether the operating system has still to take something. */
  get isBusy(): boolean {
    return this.#turn !== undefined || (this.#raw.writableLength > 0 && !this.#raw.destroyed)
  }

  /** Whether a call must wait for its turn, because another one goes out in parts. */
  get isInTurns(): boolean {
    return this.#turn !== undefined
  }

  /** Runs `send` when every call that had to wait before it has gone out. */
  async inTurn(send: () => Promise<void> | void): Promise<void> {
    const before = this.#turn
    let isOver = () => {}
    const turn = new Promise<void>((resolve) => {
      isOver = resolve
    })
    this.#turn = turn
    try {
      if (before !== undefined) await before
      await send()
    } finally {
      if (this.#turn === turn) this.#turn = undefined
      isOver()
    }
  }

  /**
   * Resolves when the operating system has taken every byte. `beginToWait` is called unless it
   * takes them at once.
   */
  write(bytes: Uint8Array, beginToWait: (() => void) | undefined): Promise<void> {
    this.#raw.write(bytes)
    // Usually the operating system takes everything at once, and nobody has to wait.
    if (this.#raw.writableLength === 0 && !this.#raw.errored) return TAKEN
    beginToWait?.()
    return this.#taken()
  }

  /** Rejects every waiting call, each with an error of its own; returns whether there were any. */
  rejectAll(failure: Failure): boolean {
    const pending = [...(this.#pending ?? [])]
    this.#pending = undefined
    for (const settle of pending) settle(failure)
    return pending.length > 0
  }

  async #taken(): Promise<void> {
    const failure = await new Promise<Failure | undefined>((resolve) => {
      this.#pending ??= new Set()
      this.#pending.add(resolve)
      // An empty write sends nothing; it is done when all before it is.
      this.#raw.write(NOTHING, (error) => {
        // After a failure the connection's end rejects what still waits, with the reason.
        if (error || this.#raw.destroyed) return
        this.#pending?.delete(resolve)
        resolve(undefined)
      })
    })
    if (failure !== undefined) throw failure()
  }
}
