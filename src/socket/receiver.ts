// The receiving half of a connection: what has arrived, how it ended, and one reader who may wait.
import { ByteQueue } from './byte-queue.ts'
import { checkInteger } from './checks.ts'
import { readerWaitingError, type SocketError } from './errors.ts'
import { type Readiness, Watchers } from './internal.ts'
import { abortable } from './waiting.ts'

const COUNT = 'the number of bytes to receive'

/**
 * A queue of bytes, an end, an error, and one reader. It asks for bytes only when somebody wants
 * some, so a peer that sends more than is read is stopped by TCP's flow control.
 */
export class Receiver implements Readiness {
  readonly #queue = new ByteQueue()
  /** Makes the error that every call gets once the connection is lost or closed. */
  failure: (() => SocketError) | undefined
  /** Called when a read begins to wait; set where that time has a limit. */
  beginToWait: (() => void) | undefined
  /** Makes the error of a read that has waited too long. */
  makeIdleError: (() => SocketError) | undefined
  readonly #startReading: () => void
  #arrivedBytes = 0
  #hasEnded = false
  #isClosed = false
  #hasReader = false
  /** Ends the reader's wait. */
  #wake: (() => void) | undefined
  readonly #watchers = new Watchers()

  /** `startReading` asks the operating system for bytes; harmless if it has been asked already. */
  constructor(startReading: () => void) {
    this.#startReading = startReading
  }

  /** Whether a read would return, or throw, at once. */
  get readable(): boolean {
    return this.#queue.length > 0 || this.#hasEnded || this.failure !== undefined
  }

  /** How many bytes wait that nobody has asked for. */
  get length(): number {
    return this.#queue.length
  }

  /** Where the next byte for a reader stands in the stream, from 0. */
  get offset(): number {
    return this.#arrivedBytes - this.#queue.length
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  watch(watcher: () => void): () => void {
    return this.#watchers.add(watcher)
  }

  /** For the Selector. While there is a reader, that one asks for what it needs. */
  demand(): void {
    if (!this.#hasReader) this.#read()
  }

  /**
   * New bytes. Borrowed ones lie in memory that is filled again when reading goes on, which it
   * must not do by itself. Returns whether a reader waits for them.
   */
  arrived(chunk: Buffer, isBorrowed: boolean): boolean {
    if (this.#isClosed) return true
    this.#arrivedBytes += chunk.length
    this.#queue.push(chunk, isBorrowed)
    const hadReader = this.endWait()
    if (!hadReader) this.#watchers.notify()
    return hadReader
  }

  /** The peer has sent its last byte. */
  end(): void {
    if (this.failure !== undefined) return
    this.#hasEnded = true
    this.#notify()
  }

  /** The connection is lost: what came before is delivered first, then the error, at each call. */
  fail(makeError: () => SocketError): void {
    this.failure ??= makeError
    this.#notify()
  }

  /** This program closes the socket: every read, waiting or later, fails; what comes is dropped. */
  close(makeError: () => SocketError): void {
    this.failure = makeError
    this.#isClosed = true
    this.#hasEnded = false
    this.#queue.clear()
    this.#notify()
    this.#read()
  }

  /**
   * Ends the reader's wait; returns whether there was one. A reader that then finds nothing has
   * waited too long.
   */
  endWait(): boolean {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
    return wake !== undefined
  }

  /** Up to `maxBytes` bytes, as soon as any are there; none at the end of data. */
  async recv(maxBytes: number, signal: AbortSignal | undefined): Promise<Buffer> {
    checkInteger(COUNT, maxBytes, 1)
    this.hold()
    try {
      if (!this.readable || signal?.aborted) await this.ready(signal)
      return this.take(maxBytes)
    } finally {
      this.release()
    }
  }

  /** As `recv`, into the caller's memory. Returns how many bytes came. */
  async recvInto(target: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    checkInteger(COUNT, target.length, 1)
    this.hold()
    try {
      if (!this.readable || signal?.aborted) await this.ready(signal)
      this.throwIfOver()
      return this.#queue.takeInto(target)
    } finally {
      this.release()
    }
  }

  /** Up to `maxBytes` bytes that are here already; undefined is "nothing yet", none the end. */
  tryRecv(maxBytes: number): Buffer | undefined {
    checkInteger(COUNT, maxBytes, 1)
    this.#requireFree()
    if (this.readable) return this.take(maxBytes)
    this.demand()
    return undefined
  }

  /** Runs a read of several steps as the one reader. Resolves with what `finish` makes of it. */
  async asReader<T, R>(read: () => Promise<T>, finish: (value: T) => R): Promise<R> {
    this.hold()
    try {
      return finish(await read())
    } finally {
      this.release()
    }
  }

  /** Makes the caller the one reader until it releases the receiver. */
  hold(): void {
    this.#requireFree()
    this.#hasReader = true
  }

  release(): void {
    this.#hasReader = false
    // A selector may have asked for input while this reader held the socket: let it ask again.
    this.#watchers.notify()
  }

  /** Resolves when there is something to take: bytes, the end of data, or an error. */
  ready(signal?: AbortSignal): Promise<void> {
    this.beginToWait?.()
    this.#read()
    const start = (resolve: () => void) => {
      this.#wake = resolve
      return () => {
        this.#wake = undefined
      }
    }
    return signal === undefined ? new Promise(start) : abortable(signal, start)
  }

  /** Takes bytes that are there; none at the end of data. Throws the error behind the last byte. */
  take(maxBytes: number): Buffer {
    this.throwIfOver()
    return this.#queue.take(maxBytes)
  }

  /** Takes all bytes that are there, in memory that is good until the next `ready`. */
  takeAll(): Buffer {
    this.throwIfOver()
    return this.#queue.takeAll()
  }

  /** Returns the bytes that are next, or some of them, without taking them. */
  peek(): Buffer {
    return this.#queue.peek()
  }

  /** Gives bytes back that a reader took and did not use: they are next again. */
  putBack(bytes: Buffer): void {
    if (!this.#isClosed) this.#queue.unshift(bytes)
  }

  throwIfOver(): void {
    if (this.#queue.length > 0 || this.#hasEnded) return
    // Nothing has come, and nothing else has ended the wait: it was too long.
    throw (this.failure ?? this.makeIdleError)?.()
  }

  #requireFree(): void {
    if (this.#isClosed) throw this.failure?.()
    if (this.#hasReader) throw readerWaitingError('socket')
  }

  #read(): void {
    this.#queue.keep()
    this.#startReading()
  }

  /** Nothing more comes. */
  #notify(): void {
    this.endWait()
    this.#watchers.notify()
  }
}
