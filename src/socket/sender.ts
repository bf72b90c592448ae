// The sending half of a connection: the calls that wait for the operating system to take their bytes.
import type { Socket } from 'node:net'

interface Call {
  resolve(): void
  reject(error: Error): void
}

const NOTHING = Buffer.alloc(0)
const TAKEN = Promise.resolve()

/**
 * Hands bytes to the operating system in the order of the calls, whole, and settles each call.
 *
 * Node reports success for a write that was in flight when its socket was destroyed; so the
 * waiting calls are kept here, and whoever ends the connection rejects them.
 */
export class Sender {
  readonly #raw: Socket
  readonly #waiting = new Set<Call>()

  constructor(raw: Socket) {
    this.#raw = raw
  }

  /** Whether bytes wait that the operating system has not taken yet. */
  get busy(): boolean {
    return this.#waiting.size > 0
  }

  /** Resolves when the operating system has taken every byte. */
  send(bytes: Uint8Array): Promise<void> {
    this.#raw.write(bytes)
    // Mostly the operating system takes everything at once, and nobody has to wait.
    if (this.#raw.writableLength === 0 && !this.#raw.errored && !this.#raw.destroyed) return TAKEN
    return new Promise((resolve, reject) => {
      const call: Call = { resolve, reject }
      this.#waiting.add(call)
      // An empty write sends nothing; it is done when all before it is.
      this.#raw.write(NOTHING, (error) => {
        // After a failure the connection's end rejects what still waits, with the reason.
        if (error || this.#raw.destroyed) return
        this.#waiting.delete(call)
        resolve()
      })
    })
  }

  /** Rejects every waiting call; the error is made only where one waits. */
  rejectAll(makeError: () => Error): void {
    if (this.#waiting.size === 0) return
    const error = makeError()
    for (const call of this.#waiting) call.reject(error)
    this.#waiting.clear()
  }
}
