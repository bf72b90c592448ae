// How long a call may wait for a peer that neither sends nor takes a byte.
import type { Socket } from 'node:net'
import { clampToTimer } from './waiting.ts'

/**
 * The idle limit of a connection. Node's own socket timeout sees the bytes of both directions, also
 * those that the operating system takes of one large write; for that it may need twice the time.
 */
export class IdleTimer {
  readonly #raw: Socket
  readonly #ms: number
  /** Calls that have begun to wait. */
  #waits = 0
  /** What had been received when the last call gave up. */
  #bytesAtGiveUp: number | undefined

  /**
   * Calls `giveUp` when there was no byte for `ms` milliseconds. It ends the calls that wait, and
   * returns whether there were any: only then the peer has been waited for in vain.
   */
  constructor(raw: Socket, ms: number, giveUp: () => boolean) {
    this.#raw = raw
    this.#ms = clampToTimer(ms)
    raw.on('timeout', () => {
      const { bytesRead } = raw
      const waits = this.#waits
      // A process that was stopped finds the time over before it sees the input that came in time.
      setImmediate(() => {
        if (raw.bytesRead !== bytesRead || this.#waits !== waits) return
        if (giveUp()) this.#bytesAtGiveUp = bytesRead
      })
    })
  }

  /** Whether a call has given up, and nothing has come since. */
  get hasGivenUp(): boolean {
    return this.#bytesAtGiveUp === this.#raw.bytesRead
  }

  /** A call begins to wait. */
  start(): void {
    this.#waits++
    this.#raw.setTimeout(this.#ms)
  }
}
