// Waiting for whichever of several sockets is ready, as select(2) does (tutorial, section 7).
import { readerWaitingError } from './errors.ts'
import type { Listener } from './listener.ts'
import { type Pollable, type Readiness, readiness } from './readiness.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { checkMilliseconds, startTimer } from './timer.ts'
import type { WaitOptions } from './wait-options.ts'

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
  /** Where a select waits: has it look at the candidates. */
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
  select(timeoutMs = Infinity, { signal }: WaitOptions = {}): Promise<Source[]> {
    return new Promise((resolve, reject) => {
      checkMilliseconds('timeoutMs', timeoutMs)
      if (this.#wake !== undefined) throw readerWaitingError('selector')
      signal?.throwIfAborted()

      let isTimeOver = timeoutMs === 0
      let turn: NodeJS.Immediate | undefined
      const settle = () => {
        clearTimeout(timer)
        clearImmediate(turn)
        signal?.removeEventListener('abort', abort)
        this.#wake = undefined
      }
      const look = () => {
        turn = undefined
        const ready = this.#lookAtCandidates()
        if (ready.length === 0 && !isTimeOver) return
        settle()
        resolve(ready.sort(byOrder).map((entry) => entry.source))
      }
      // After the rest of this turn's input, so that one select gives all that came together.
      const wake = () => {
        turn ??= setImmediate(look)
      }
      const outOfTime = () => {
        isTimeOver = true
        wake()
      }
      const abort = () => {
        settle()
        reject(signal?.reason)
      }
      const timer = isTimeOver ? undefined : startTimer(outOfTime, timeoutMs)
      signal?.addEventListener('abort', abort, { once: true })
      this.#wake = wake
      if (this.#lookAtCandidates().length > 0 || isTimeOver) wake()
    })
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
}

function byOrder(a: Entry, b: Entry): number {
  return a.order - b.order
}
