// The sending half of a connection: writes that the operating system has still to take.
import type { Socket } from 'node:net'
import type { SocketError } from './errors.ts'

const NOTHING = Buffer.alloc(0)
/** Writes that are gathered go out when they are so many bytes, or as many as writev(2) takes. */
const BATCH_BYTES = 65_536
const BATCH_WRITES = 1024
/** Callbacks on it run at the program's next `await`. */
const NEXT_AWAIT = Promise.resolve()

/** Why a waiting write was given up; makes its error. */
type Failure = () => SocketError

/** Ends calls that wait, in their order: with the reason if they failed. */
type Batch = ((failure?: Failure) => void)[]

/**
 * Hands bytes to the operating system in the order of the calls, whole, and settles each call.
 *
 * Small writes with no wait between them, as of `a`, `ab`, `abc`, go out together: one send(2) is
 * cheaper than three. Node reports success for a write that was in flight when its socket was
 * destroyed; so the waiting calls are kept here, and the code that ends the connection rejects them.
 */
export class Sender {
  readonly #raw: Socket
  readonly #beginToWait: () => void
  /** Calls whose bytes are gathered, and not offered to the operating system yet. */
  #gathered: Batch | undefined
  /** Calls whose bytes it has still to take. */
  readonly #waiting = new Set<Batch>()
  /** Resolves when the last call that goes out in parts, or waits for one, is over. */
  #queue: Promise<void> | undefined
  readonly #flush = () => this.flush()

  /** `beginToWait` is called when the operating system does not take at once what it is offered. */
  constructor(raw: Socket, beginToWait: () => void) {
    this.#raw = raw
    this.#beginToWait = beginToWait
  }

  /** Whether the operating system has still to take something that it has been offered. */
  get isBusy(): boolean {
    if (this.#queue !== undefined) return true
    return this.#gathered === undefined && this.#raw.writableLength > 0 && !this.#raw.destroyed
  }

  /** Whether a call must wait, because another one goes out in parts. */
  get hasQueue(): boolean {
    return this.#queue !== undefined
  }

  /** Runs `send` when every call that had to wait before it has gone out. */
  async whenFree(send: () => Promise<void> | void): Promise<void> {
    const before = this.#queue
    let isOver = () => {}
    const over = new Promise<void>((resolve) => {
      isOver = resolve
    })
    this.#queue = over
    try {
      if (before !== undefined) await before
      await send()
    } finally {
      if (this.#queue === over) this.#queue = undefined
      isOver()
    }
  }

  /** Resolves when the operating system has taken every byte. */
  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length >= BATCH_BYTES) this.flush()
    else if (this.#raw.writableLength === 0) this.#gathered ??= this.#gather()
    const batch = this.#gathered ?? []
    this.#raw.write(bytes)
    const taken = settled(batch)
    if (batch !== this.#gathered) this.#settle(batch)
    else if (this.#raw.writableLength >= BATCH_BYTES || batch.length === BATCH_WRITES) this.flush()
    return taken
  }

  /** Offers what is gathered to the operating system. */
  flush(): void {
    const batch = this.#gathered
    if (batch === undefined) return
    this.#gathered = undefined
    this.#raw.uncork()
    this.#settle(batch)
  }

  /** Rejects every waiting call, each with an error of its own; returns whether there were any. */
  rejectAll(failure: Failure): boolean {
    this.flush()
    const waiting = [...this.#waiting].flat()
    this.#waiting.clear()
    for (const end of waiting) end(failure)
    return waiting.length > 0
  }

  #gather(): Batch {
    this.#raw.cork()
    void NEXT_AWAIT.then(this.#flush)
    return []
  }

  /** Ends these calls when the operating system has taken all that was written so far. */
  #settle(batch: Batch): void {
    // Usually it takes everything at once, and nobody has to wait.
    if (this.#raw.writableLength === 0 && !this.#raw.errored) {
      for (const end of batch) end()
      return
    }
    this.#beginToWait()
    this.#waiting.add(batch)
    // An empty write sends nothing; it is done when all before it is.
    this.#raw.write(NOTHING, (error) => {
      // After a failure the connection's end rejects what still waits, with the reason.
      if (error || this.#raw.destroyed || !this.#waiting.delete(batch)) return
      for (const end of batch) end()
    })
  }
}

/** Adds a call to the batch. Settles when the batch ends it. */
async function settled(batch: Batch): Promise<void> {
  const failure = await new Promise<Failure | undefined>((resolve) => batch.push(resolve))
  if (failure !== undefined) throw failure()
}
