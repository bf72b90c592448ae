// The receiving half of a connection: bytes as they arrive, one reader who may wait for them.

import {
  type Call,
  type CallName,
  callBegins,
  callReturns,
  type Endpoint,
  HEAD_BYTES,
  isTraced,
  type Transfer,
  transferOf,
} from '../calls.ts'
import { ByteQueue } from './byte-queue.ts'
import { readerWaitingError } from './errors.ts'
import { startTimer } from './timer.ts'

/** What one call waits for, and what it gives. */
export interface Wish<T> {
  /** The call that waits, for a trace. */
  call: CallName
  /** Whether enough has come. The end of data or an error ends every wait. */
  enough(): boolean
  /** The result, made the moment enough is there; throws what the call shall reject with. */
  finish(): T
  /** Takes new bytes straight from the memory that the operating system filled; gives how many. */
  direct?: ((bytes: Buffer) => number) | undefined
  signal?: AbortSignal | undefined
}

interface Waiter {
  enough(): boolean
  settle(): void
  direct: ((bytes: Buffer) => number) | undefined
  /** Goes off when nothing has come for as long as a reader may wait. */
  idle: NodeJS.Timeout | undefined
}

/**
 * Buffer, end, error, and one waiter. It asks for bytes only when somebody wants some, so a peer
 * who sends more than is read is stopped by TCP's flow control and not by our memory.
 */
export class Receiver {
  readonly queue = new ByteQueue()
  /** Whose half this is, for a trace. */
  subject: Endpoint = {}
  /** Starts reading from the operating system; harmless when it already does. */
  demand: () => void = () => {}
  /** How long a reader waits for the next byte, in milliseconds. */
  idleTimeoutMs = Infinity
  /** The last reader waited in vain for so long, and nothing has come since. */
  hasTimedOut = false
  makeIdleError: () => Error = () => new Error('idle')
  #arrivedBytes = 0
  #ended = false
  #failure: Error | undefined
  #makeClosedError: (() => Error) | undefined
  #discarding = false
  #waiter: Waiter | undefined
  #giveBack: (() => void) | undefined
  readonly #watchers = new Set<() => void>()

  /** Whether a read would return, or throw, at once. */
  get readable(): boolean {
    this.#reclaim()
    return this.queue.length > 0 || this.#over
  }

  /** Whether nothing more will come. */
  get #over(): boolean {
    return this.#ended || this.#failure !== undefined || this.#makeClosedError !== undefined
  }

  /**
   * New bytes. Those in `borrowed` memory are copied, for the next read overwrites them.
   * Gives whether reading shall go on: it stops when nobody waits, until the next demand.
   */
  arrived(bytes: Buffer, borrowed: boolean): boolean {
    if (this.#discarding) return true
    this.#arrivedBytes += bytes.length
    this.hasTimedOut = false
    this.#waiter?.idle?.refresh()
    const taken = this.#waiter?.direct?.(bytes) ?? 0
    if (taken < bytes.length) {
      const rest = taken === 0 ? bytes : bytes.subarray(taken)
      this.queue.push(borrowed ? Buffer.from(rest) : rest)
    }
    if (taken > 0 || this.#waiter?.enough()) this.#settle()
    if (this.queue.length > 0) this.#notify()
    return this.#waiter !== undefined
  }

  /** The peer has sent its last byte. */
  end(): void {
    if (this.#over) return
    this.#ended = true
    this.#settle()
    this.#notify()
  }

  /** The connection is lost: what came before is delivered first, then the error, at each call. */
  fail(error: Error): void {
    if (this.#over) return
    this.#failure = error
    this.#settle()
    this.#notify()
  }

  /** This program closes the socket: every read, waiting or later, rejects; what comes is dropped. */
  close(makeError: () => Error): void {
    if (this.#makeClosedError !== undefined) return
    this.#reclaim()
    this.#makeClosedError = makeError
    this.#discarding = true
    this.queue.clear()
    this.#settle()
    this.#notify()
  }

  /** Waits for a wish to come true. One reader at a time: a second one is the caller's mistake. */
  wait<T>(wish: Wish<T>): Promise<T> {
    return isTraced() ? this.#waitTraced(wish) : this.#wait(wish)
  }

  #waitTraced<T>(wish: Wish<T>): Promise<T> {
    const call = callBegins(wish.call, this.subject)
    let transfer: Transfer | undefined
    const { direct } = wish
    const directTraced = (bytes: Buffer) => {
      // What waits already comes first, and is counted as it leaves the queue.
      if (direct === undefined || this.queue.length > 0) return 0
      const taken = direct(bytes)
      const offset = this.#arrivedBytes - bytes.length
      if (taken > 0) transfer = transferOf(bytes.subarray(0, taken), offset)
      return taken
    }
    const finish = () => {
      if (transfer === undefined) return this.#finishTraced(call, wish.finish)
      const value = wish.finish()
      callReturns(call, transfer)
      return value
    }
    const waiting = this.#wait({ ...wish, finish, direct: directTraced })
    waiting.catch((error) => callReturns(call, { error }))
    return waiting
  }

  #wait<T>({ enough, finish, direct, signal }: Wish<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#requireFree()
      signal?.throwIfAborted()
      if (enough() || this.#over) return resolve(this.#finish(finish))

      const leave = () => {
        this.#waiter = undefined
        clearTimeout(idle)
        signal?.removeEventListener('abort', abort)
      }
      const abort = () => {
        leave()
        reject(signal?.reason)
      }
      const giveUp = () => {
        leave()
        this.hasTimedOut = true
        reject(this.makeIdleError())
      }
      const outOfTime = () => {
        const arrivedBytes = this.#arrivedBytes
        // A timer of a busy process can go off while input waits: let that come in first.
        setImmediate(() => {
          if (this.#waiter === waiter && this.#arrivedBytes === arrivedBytes) giveUp()
        })
      }
      const idle = startTimer(outOfTime, this.idleTimeoutMs)
      const waiter: Waiter = {
        enough,
        direct,
        idle,
        settle: () => {
          leave()
          try {
            resolve(this.#finish(finish))
          } catch (error) {
            reject(error)
          }
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiter = waiter
      this.demand()
    })
  }

  /** Up to `maxBytes` bytes that are here already; undefined is "nothing yet", empty the end. */
  tryTake(maxBytes: number): Buffer | undefined {
    return isTraced() ? this.#tryTakeTraced(maxBytes) : this.#tryTake(maxBytes)
  }

  #tryTakeTraced(maxBytes: number): Buffer | undefined {
    const call = callBegins('tryRecv', this.subject)
    try {
      return this.#finishTraced(call, () => this.#tryTake(maxBytes))
    } catch (error) {
      callReturns(call, { error })
      throw error
    }
  }

  #tryTake(maxBytes: number): Buffer | undefined {
    this.#requireFree()
    if (this.queue.length > 0) return this.queue.take(maxBytes)
    if (this.#over) {
      this.#throwIfClosed()
      return this.takeOrEnd(maxBytes)
    }
    this.demand()
    return undefined
  }

  /** Bytes from the queue; without any, an empty Buffer for the end of data, or the error. */
  takeOrEnd(maxBytes: number): Buffer {
    if (this.queue.length === 0) this.throwFailure()
    return this.queue.take(maxBytes)
  }

  /** Throws the error that ended the connection, if one did. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** A reader that took bytes ahead of its caller says how to give them back. */
  lend(giveBack: (() => void) | undefined): void {
    this.#giveBack = giveBack
  }

  /** Calls `watcher` whenever the socket may have become readable; gives the way to stop that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #finish<T>(finish: () => T): T {
    this.#throwIfClosed()
    return finish()
  }

  /** Tells how much `take` took off the queue, and from where in the stream. */
  #finishTraced<T>(call: Call, take: () => T): T {
    this.#reclaim()
    const before = this.queue.length
    const offset = this.#arrivedBytes - before
    const head = this.queue.peek(HEAD_BYTES)
    const value = take()
    const bytes = before - this.queue.length
    if (value === undefined) callReturns(call, { wouldBlock: true })
    else callReturns(call, { ...transferOf(head.subarray(0, bytes), offset), bytes })
    return value
  }

  #throwIfClosed(): void {
    if (this.#makeClosedError !== undefined) throw this.#makeClosedError()
  }

  #requireFree(): void {
    if (this.#waiter !== undefined) throw readerWaitingError('socket')
    if (this.#giveBack !== undefined) this.#reclaim()
  }

  #reclaim(): void {
    const giveBack = this.#giveBack
    this.#giveBack = undefined
    giveBack?.()
  }

  #settle(): void {
    this.#waiter?.settle()
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
