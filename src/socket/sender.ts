// The sending half of a connection: writes that the operating system has still to take.
import type { Socket } from 'node:net'
import type { SocketError } from './errors.ts'

const NOTHING = Buffer.alloc(0)
/** The writes of one turn of the event loop go out at once when they are this much together. */
const BATCH_BYTES = 65_536
const END_OF_TURN = Promise.resolve()

/** Why a waiting write was given up; makes its error. */
type Failure = () => SocketError

/** Writes with no wait between them, as of `a`, `ab`, `abc`: one send(2) is cheaper than three. */
interface Batch {
  /** Resolves when the operating system has taken them. */
  readonly taken: Promise<void>
  /** The wait for it, unless it takes them all at once. */
  rest: Promise<void> | undefined
}

/**
 * Hands bytes to the operating system in the order of the calls, whole, and settles each call.
 *
 * Node reports success for a write that was in flight when its socket was destroyed; so the pending
 * writes are kept here, and the code that ends the connection rejects them.
 */
export class Sender {
  readonly #raw: Socket
  readonly #beginToWait: () => void
  #batch: Batch | undefined
  /** Ends each write that waits: with the reason if it failed. */
  readonly #pending = new Set<(failure?: Failure) => void>()
  /** Ends when the last call that goes out in parts, or waits for one, is over. */
  #turn: Promise<void> | undefined

  /** `beginToWait` is called when the operating system has not taken at once what it was offered. */
  constructor(raw: Socket, beginToWait: () => void) {
    this.#raw = raw
    this.#beginToWait = beginToWait
  }

  /** Whether the operating system has still to take something that it has been offered. */
  get isBusy(): boolean {
    if (this.#turn !== undefined) return true
    return this.#batch === undefined && this.#raw.writableLength > 0 && !this.#raw.destroyed
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

  /** Resolves when the operating system has taken every byte. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#raw.writableLength === 0) this.#batch ??= this.#gather()
    this.#raw.write(bytes)
    const taken = this.#batch?.taken ?? this.#wait()
    if (this.#raw.writableLength >= BATCH_BYTES) this.flush()
    return taken
  }

  /** Offers the batch to the operating system. */
  flush(): void {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    this.#raw.uncork()
    // Usually the operating system takes everything at once, and nobody has to wait.
    if (this.#raw.writableLength > 0 || this.#raw.errored) batch.rest = this.#wait()
  }

  /** Rejects every waiting call, each with an error of its own; returns whether there were any. */
  rejectAll(failure: Failure): boolean {
    this.flush()
    const pending = [...this.#pending]
    this.#pending.clear()
    for (const settle of pending) settle(failure)
    return pending.length > 0
  }

  #gather(): Batch {
    this.#raw.cork()
    const batch: Batch = {
      rest: undefined,
      taken: END_OF_TURN.then(() => {
        if (this.#batch === batch) this.flush()
        return batch.rest
      }),
    }
    return batch
  }

  async #wait(): Promise<void> {
    this.#beginToWait()
    const failure = await new Promise<Failure | undefined>((resolve) => {
      this.#pending.add(resolve)
      // An empty write sends nothing; it is done when all before it is.
      this.#raw.write(NOTHING, (error) => {
        // After a failure the connection's end rejects what still waits, with the reason.
        if (error || this.#raw.destroyed) return
        this.#pending.delete(resolve)
        resolve(undefined)
      })
    })
    if (failure !== undefined) throw failure()
  }
}
