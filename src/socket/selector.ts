// Waiting for whichever of several sockets is ready, as select(2) does (tutorial, section 7).
import { readerWaitingError } from './errors.ts'
import { type Readiness, readiness } from './internal.ts'
import type { Listener } from './listener.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { abortable, checkMilliseconds, startTimeout, type WaitOptions } from './waiting.ts'

type Source = TcpSocket | Listener

interface Entry {
  readonly source: Source
  readonly order: number
  readonly state: Readiness
  readonly unwatch: () => void
  /** Whether it is among those that the next select looks at. */
  isCandidate: boolean
}

/**
 * Tells which of the registered sockets and listeners are ready for reading: bytes, a connection,
 * the end of data, an error and a close all count.
 *
 * Level-triggered: one that is ready stays so until it is read empty or unregistered. The cost of a
 * `select` grows with the ready ones, not with all.
 */
export class Selector {
  readonly #entries = new Map<Source, Entry>()
  #candidates: Entry[] = []
  #registered = 0
  #isSelecting = false
  /** Ends the wait of a select; `true` if its time is over. */
  #wake: ((isTimeOver: boolean) => void) | undefined

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

  /** Removes one; harmless if it is not registered. The socket itself is left alone. */
  unregister(source: Source): void {
    this.#entries.get(source)?.unwatch()
    this.#entries.delete(source)
  }

  /**
   * Waits until one is ready, `timeoutMs` milliseconds at most (without it, for ever). Resolves with
   * the ready ones in the order of their registration; with an empty array when the time is over.
   * With nothing registered it waits until something is.
   *
   * If some are ready already, it yields a turn of the event loop, in which the input of others
   * arrives; else the first arrival ends the wait at once. Rejects with `signal.reason` when
   * aborted, with ERR_READER_WAITING while another select waits, with a RangeError if `timeoutMs` is
   * not a time. select(2).
   */
  async select(timeoutMs = Infinity, { signal }: WaitOptions = {}): Promise<Source[]> {
    checkMilliseconds('timeoutMs', timeoutMs)
    if (this.#isSelecting) throw readerWaitingError('selector')
    this.#isSelecting = true
    try {
      signal?.throwIfAborted()
      const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs
      let isTimeOver = timeoutMs === 0
      if (isTimeOver || this.#lookAtCandidates() > 0) await nextTurn()
      while (this.#lookAtCandidates() === 0 && !isTimeOver) {
        isTimeOver = await this.#arrival(deadline, signal)
      }
      signal?.throwIfAborted()
      return this.#candidates.sort(byOrder).map((entry) => entry.source)
    } finally {
      this.#isSelecting = false
    }
  }

  /** Something may have become ready. */
  #nominate(entry: Entry): void {
    if (!entry.isCandidate) {
      entry.isCandidate = true
      this.#candidates.push(entry)
    }
    this.#wake?.(false)
  }

  /** Returns how many are ready; they stay candidates. The others must tell of new input. */
  #lookAtCandidates(): number {
    const ready: Entry[] = []
    for (const entry of this.#candidates) {
      const isRegistered = this.#entries.get(entry.source) === entry
      entry.isCandidate = isRegistered && entry.state.readable
      if (entry.isCandidate) ready.push(entry)
      else if (isRegistered) entry.state.demand()
    }
    this.#candidates = ready
    return ready.length
  }

  #arrival(deadline: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (deadline === Infinity && signal === undefined) return new Promise(this.#setWake)
    return abortable(signal, (resolve) => {
      this.#wake = resolve
      const stopTimer = startTimeout(deadline - performance.now(), () => resolve(true))
      return () => {
        stopTimer()
        this.#wake = undefined
      }
    })
  }

  /** Made once, for a select that waits should cost as little as it can. */
  readonly #setWake = (resolve: (isTimeOver: boolean) => void): void => {
    this.#wake = resolve
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function byOrder(a: Entry, b: Entry): number {
  return a.order - b.order
}
