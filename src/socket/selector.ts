// Waiting for whichever of several sockets is ready, as select(2) does (tutorial, section 7).
import { readerWaitingError } from './errors.ts'
import type { Listener } from './listener.ts'
import { type Pollable, type Readiness, readiness } from './readiness.ts'
import type { TcpSocket, WaitOptions } from './tcp-socket.ts'
import { checkMilliseconds, startTimer } from './timer.ts'

type Source = TcpSocket | Listener

interface Entry {
  readonly source: Source
  readonly order: number
  readonly state: Readiness
  readonly unwatch: () => void
  /** Whether it is among those to look at in the next select. */
  isCandidate: boolean
}

/**
 * Tells which of the registered sockets and listeners are ready for reading: bytes, a connection,
 * the end of data, an error and a close all count.
 *
 * Level-triggered: one that is ready stays so until it is read empty (or unregistered). The cost
 * of a `select` grows with the ready ones, not with all.
 */
export class Selector {
  readonly #entries = new Map<Pollable, Entry>()
  #candidates: Entry[] = []
  #registered = 0
  #isSelecting = false
  #wake: (() => void) | undefined

  /** Adds a socket or listener; again is harmless and keeps its place in the order. */
  register(source: Source): void {
    if (this.#entries.has(source)) return
    const state = source[readiness]
    const entry: Entry = {
      source,
      state,
      order: this.#registered++,
      unwatch: state.watch(() => this.#nominate(entry)),
      isCandidate: false,
    }
    this.#entries.set(source, entry)
    this.#nominate(entry)
  }

  /** Removes one; harmless where it is not registered. The socket itself is left alone. */
  unregister(source: Source): void {
    this.#entries.get(source)?.unwatch()
    this.#entries.delete(source)
  }

  /**
   * Waits until one is ready, `timeoutMs` milliseconds at most (for ever without), and gives the
   * ready ones in the order of their registration; an empty array when the time is over. With
   * nothing registered it waits until something is. Each call yields at least one turn of the event
   * loop, without which no input could ever arrive.
   *
   * Rejects with `signal.reason` when aborted, with ERR_READER_WAITING while another select waits,
   * with RangeError where `timeoutMs` is no time. select(2).
   */
  async select(timeoutMs?: number, { signal }: WaitOptions = {}): Promise<Source[]> {
    checkMilliseconds('timeoutMs', timeoutMs)
    if (this.#isSelecting) throw readerWaitingError('selector')
    this.#isSelecting = true
    try {
      return await this.#select(timeoutMs, signal)
    } finally {
      this.#isSelecting = false
    }
  }

  async #select(timeoutMs: number | undefined, signal?: AbortSignal): Promise<Source[]> {
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs
    for (;;) {
      signal?.throwIfAborted()
      if (this.#lookAtCandidates().length === 0) await this.#nomination(deadline, signal)
      // The rest of this turn's input, so that one select gives all that came together.
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
      const ready = this.#lookAtCandidates()
      if (ready.length > 0) return ready.sort(byOrder).map((entry) => entry.source)
      if (performance.now() >= deadline) return []
    }
  }

  /** Something may have become ready. */
  #nominate(entry: Entry): void {
    if (!entry.isCandidate) {
      entry.isCandidate = true
      this.#candidates.push(entry)
    }
    this.#wake?.()
  }

  /** The candidates that are ready; they stay candidates. The others must tell of new input. */
  #lookAtCandidates(): Entry[] {
    const ready: Entry[] = []
    for (const entry of this.#candidates) {
      const isRegistered = this.#entries.get(entry.source) === entry
      if (isRegistered && entry.state.readable) {
        ready.push(entry)
      } else {
        entry.isCandidate = false
        if (isRegistered) entry.state.demand()
      }
    }
    this.#candidates = ready
    return ready
  }

  /** Resolves at the next nomination or at the deadline. */
  #nomination(deadline: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.#wake = undefined
      }
      const wake = () => {
        settle()
        resolve()
      }
      const abort = () => {
        settle()
        reject(signal?.reason)
      }
      const timer = startTimer(wake, Math.max(0, deadline - performance.now()))
      signal?.addEventListener('abort', abort, { once: true })
      this.#wake = wake
    })
  }
}

function byOrder(a: Entry, b: Entry): number {
  return a.order - b.order
}
