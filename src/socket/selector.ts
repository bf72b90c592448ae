// Waiting for whichever of several sockets is ready, as select(2) does (tutorial, section 7).
import { checkMilliseconds } from './checks.ts'
import { readerWaitingError } from './errors.ts'
import { type Readiness, readiness } from './internal.ts'
import type { Listener } from './listener.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { abortable, startTimeout, type WaitOptions } from './waiting.ts'

type Source = TcpSocket | Listener

/**
 * With more sockets than this, several often have input in the same turn of the event loop: one
 * wait that gathers them costs less than one wait for each. With few, the first ends it at once.
 */
const FEW_SOURCES = 8

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
  readonly #candidates: Entry[] = []
  #registered = 0
  /** Ends the select that waits. */
  #resolve: ((ready: Source[]) => void) | undefined
  /** Something is ready, and what else comes in this turn of the event loop is waited for. */
  #isYielding = false

  /** Adds a socket or listener. A second call does nothing, and its place in the order stays. */
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
   * arrives; else the first arrival ends the wait: at once, or with many sockets at the end of its
   * turn. Rejects with `signal.reason` when aborted, with ERR_READER_WAITING while another select
   * waits, with a RangeError if `timeoutMs` is not a time. select(2).
   */
  select(timeoutMs = Infinity, { signal }: WaitOptions = {}): Promise<Source[]> {
    const isPlain = timeoutMs === Infinity && signal === undefined && this.#resolve === undefined
    return isPlain ? new Promise(this.#begin) : this.#selectWithin(timeoutMs, signal)
  }

  async #selectWithin(timeoutMs: number, signal: AbortSignal | undefined): Promise<Source[]> {
    checkMilliseconds('timeoutMs', timeoutMs)
    if (this.#resolve !== undefined) throw readerWaitingError('selector')
    return abortable(signal, (resolve) => {
      this.#begin(resolve)
      const stopTimer = startTimeout(timeoutMs, () => {
        this.#lookAtCandidates()
        resolve(this.#readyOnes())
      })
      return () => {
        stopTimer()
        this.#resolve = undefined
      }
    })
  }

  /** Made once: a select without limits costs one promise and no function. */
  readonly #begin = (resolve: (ready: Source[]) => void): void => {
    this.#resolve = resolve
    if (this.#lookAtCandidates() > 0) this.#yieldTurn()
  }

  #yieldTurn(): void {
    this.#isYielding = true
    setImmediate(this.#endIfReady)
  }

  readonly #endIfReady = (): void => {
    const resolve = this.#resolve
    this.#isYielding = false
    if (resolve === undefined || this.#lookAtCandidates() === 0) return
    this.#resolve = undefined
    resolve(this.#readyOnes())
  }

  /** Something may have become ready. */
  #nominate(entry: Entry): void {
    if (!entry.isCandidate) {
      entry.isCandidate = true
      this.#candidates.push(entry)
    }
    if (this.#resolve === undefined || this.#isYielding) return
    if (this.#entries.size <= FEW_SOURCES) this.#endIfReady()
    else this.#yieldTurn()
  }

  /** Returns how many are ready; they stay candidates. The others must tell of new input. */
  #lookAtCandidates(): number {
    const candidates = this.#candidates
    let count = 0
    for (const entry of candidates) {
      const isRegistered = this.#entries.get(entry.source) === entry
      entry.isCandidate = isRegistered && entry.state.readable
      if (entry.isCandidate) candidates[count++] = entry
      else if (isRegistered) entry.state.demand()
    }
    while (candidates.length > count) candidates.pop()
    return count
  }

  /** Returns the ready ones of those that have just been looked at. */
  #readyOnes(): Source[] {
    const candidates = this.#candidates
    if (candidates.length > 1) candidates.sort((a, b) => a.order - b.order)
    return candidates.map((entry) => entry.source)
  }
}
