// A listening socket: it takes connections, and hands them out one accept at a time.
import type { Server, Socket } from 'node:net'
import {
  callBegins,
  callReturns,
  type Endpoint,
  isTraced,
  nextSocketNumber,
  traced,
} from '../calls.ts'
import { receiveAccepted } from './accepted-receiver.ts'
import { type Address, plainHost } from './address.ts'
import { closedError, type SocketError, socketError, tooManyError } from './errors.ts'
import { type Readiness, readiness } from './readiness.ts'
import { subject } from './subject.ts'
import { TcpSocket } from './tcp-socket.ts'
import type { WaitOptions } from './wait-options.ts'

/** Is told why a connection was not taken. */
export type RefusalHandler = (error: SocketError) => void

interface Waiter {
  resolve(socket: TcpSocket): void
  reject(error: unknown): void
}

/** A listening socket, from `listen`. */
export class Listener {
  /** Where it listens, with the port that the operating system chose for port 0; kept after. */
  readonly address: Address
  /** What a trace says of it. */
  readonly [subject]: Endpoint
  readonly #server: Server
  readonly #ready: TcpSocket[] = []
  readonly #waiters = new Set<Waiter>()
  readonly #watchers = new Set<() => void>()
  #failure: SocketError | undefined
  #closed: SocketError | undefined
  #closing: Promise<void> | undefined
  readonly #onRefused: RefusalHandler | undefined
  #forgetSignal = () => {}

  /** For `listen` only. */
  constructor(
    server: Server,
    options: { onRefused?: RefusalHandler | undefined; signal?: AbortSignal | undefined },
  ) {
    const { onRefused, signal } = options
    this.#server = server
    this.#onRefused = onRefused
    const bound = server.address()
    this.address =
      bound !== null && typeof bound === 'object'
        ? { host: plainHost(bound.address), port: bound.port }
        : { host: 'unknown', port: 0 }
    this[subject] = { socket: nextSocketNumber(), local: this.address }
    server.on('connection', (raw) => this.#arrived(raw))
    server.on('error', (error) => this.#fail(error))
    // Node has closed the connection by then.
    server.on('drop', () => onRefused?.(tooManyError(this.address)))
    if (signal !== undefined) {
      const abort = () => void this.#close(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      this.#forgetSignal = () => signal.removeEventListener('abort', abort)
    }
  }

  /** For the Selector: whether `accept` would return at once. */
  get [readiness](): Readiness {
    const isReadable = () =>
      this.#ready.length > 0 || this.#closed !== undefined || this.#failure !== undefined
    return {
      get readable() {
        return isReadable()
      },
      demand: () => {},
      watch: (watcher) => {
        this.#watchers.add(watcher)
        return () => this.#watchers.delete(watcher)
      },
    }
  }

  /**
   * Waits for the next connection. Several waiting calls are served in their order. A connection
   * made before the call is there, with its first bytes and its end of data.
   *
   * Rejects with ERR_SOCKET_CLOSED when the listener is or gets closed, with the operating
   * system's error (`EMFILE`) where it could not take a connection, after which the listener goes
   * on; with `signal.reason` when aborted, which takes no connection. Tutorial, 2.1; accept(2).
   */
  accept({ signal }: WaitOptions = {}): Promise<TcpSocket> {
    return traced(
      'accept',
      this[subject],
      () => this.#accept(signal),
      (socket) => socket[subject],
    )
  }

  #accept(signal: AbortSignal | undefined): Promise<TcpSocket> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const ready = this.#tryAccept()
      if (ready !== undefined) return resolve(ready)

      const settled = () => {
        this.#waiters.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter = {
        resolve: (socket) => {
          settled()
          resolve(socket)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      const abort = () => waiter.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
    })
  }

  /** Nonblocking: the next connection that is there already, or undefined. Throws as `accept`. */
  tryAccept(): TcpSocket | undefined {
    const call =
      isTraced() && this.#ready.length > 0 ? callBegins('accept', this[subject]) : undefined
    const socket = this.#tryAccept()
    if (call !== undefined && socket !== undefined) callReturns(call, socket[subject])
    return socket
  }

  #tryAccept(): TcpSocket | undefined {
    if (this.#closed !== undefined) throw this.#closed
    const ready = this.#ready.shift()
    if (ready === undefined && this.#failure !== undefined) throw this.#takeFailure()
    return ready
  }

  /** The connections one by one, until the listener is closed. Leaving the loop closes nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpSocket, void, void> {
    for (;;) {
      let socket: TcpSocket
      try {
        socket = await this.accept()
      } catch (error) {
        if (error === this.#closed) return
        throw error
      }
      yield socket
    }
  }

  /**
   * Stops listening; resolves when the port is free, without waiting for accepted sockets. A
   * connection that nobody accepted is closed. A waiting or later `accept` rejects with
   * ERR_SOCKET_CLOSED. Again is harmless.
   */
  close(): Promise<void> {
    return this.#close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #close(reason?: unknown): Promise<void> {
    this.#closing ??= traced('close', this[subject], () => this.#closeOnce(reason))
    return this.#closing
  }

  #closeOnce(reason: unknown): Promise<void> {
    const error = closedError('listener on', this.address, reason)
    this.#closed = error
    this.#forgetSignal()
    this.#server.close()
    for (const waiter of [...this.#waiters]) waiter.reject(error)
    for (const socket of this.#ready.splice(0)) void socket.close()
    this.#notify()
    // The descriptor is closed by now; its handle is let go in the turn after this one.
    return new Promise((resolve) => setImmediate(resolve))
  }

  /** The error listener is there at once: one client's failure must not reach the others. */
  #arrived(raw: Socket): void {
    const socket = new TcpSocket(raw, receiveAccepted(raw))
    if (this.#closed !== undefined) {
      void socket.close()
      return
    }
    const [waiter] = this.#waiters
    if (waiter === undefined) {
      this.#ready.push(socket)
      this.#notify()
    } else {
      waiter.resolve(socket)
    }
  }

  #fail(cause: Error): void {
    const failure = socketError('cannot accept on', this.address, cause)
    if (this.#onRefused !== undefined) {
      this.#onRefused(failure)
      return
    }
    this.#failure = failure
    const [waiter] = this.#waiters
    waiter?.reject(this.#takeFailure())
    this.#notify()
  }

  #takeFailure(): SocketError | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
