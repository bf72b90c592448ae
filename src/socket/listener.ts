// A listening socket: it takes connections, and hands them out one accept at a time.
import { createServer, type Server, type Socket } from 'node:net'
import { receiveAccepted } from './accepted-receiver.ts'
import { type Address, plainHost } from './address.ts'
import { closedError, type SocketError, socketError } from './errors.ts'
import { type Readiness, readiness } from './readiness.ts'
import { TcpSocket, type WaitOptions } from './tcp-socket.ts'

const DEFAULT_BACKLOG = 511

export interface ListenOptions {
  /** The address to listen on; without it all interfaces, IPv6 and IPv4 through one socket. */
  host?: string | undefined
  /** 0 asks for any free port. */
  port: number
  /**
   * How many connections the operating system holds until they are taken (listen(2)). It does not
   * limit clients: Node takes every connection at once, and keeps it here until `accept`.
   */
  backlog?: number | undefined
  /** Ends the attempt with `signal.reason`, and closes a listener that has started. */
  signal?: AbortSignal | undefined
}

interface Waiter {
  resolve(socket: TcpSocket): void
  reject(error: unknown): void
}

/**
 * Binds an address and listens on it (tutorial, section 2.1; bind(2), listen(2)). Resolves when
 * connections are accepted. A port of a server that just ended is free at once (SO_REUSEADDR).
 *
 * Rejects with a SocketError that has the code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`), host and
 * port; RangeError for numbers out of range.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, backlog = DEFAULT_BACKLOG, signal } = options
  if (host === '') throw new RangeError('host must not be empty')
  checkNumbers(port, backlog)
  signal?.throwIfAborted()
  // Not reading before somebody asks leaves the flow control to TCP; the peer's end of data must
  // not end our sending.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal?.removeEventListener('abort', abort)
      server.off('error', fail)
    }
    const fail = (error: unknown) => {
      settle()
      reject(socketError('cannot listen on', { host: host ?? 'all interfaces', port }, error))
    }
    const abort = () => {
      settle()
      server.close()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    server.once('error', fail)
    server.listen({ host, port, backlog }, () => {
      settle()
      resolve(new Listener(server, signal))
    })
  })
}

/** A listening socket, from `listen`. */
export class Listener {
  /** Where it listens, with the port that the operating system chose for port 0; kept after. */
  readonly address: Address
  readonly #server: Server
  readonly #ready: TcpSocket[] = []
  readonly #waiters = new Set<Waiter>()
  readonly #watchers = new Set<() => void>()
  #failure: SocketError | undefined
  #closed: SocketError | undefined
  #closing: Promise<void> | undefined
  #forgetSignal = () => {}

  /** For `listen` only. */
  constructor(server: Server, signal?: AbortSignal) {
    this.#server = server
    const bound = server.address()
    this.address =
      bound !== null && typeof bound === 'object'
        ? { host: plainHost(bound.address), port: bound.port }
        : { host: 'unknown', port: 0 }
    server.on('connection', (raw) => this.#arrived(raw))
    server.on('error', (error) => this.#fail(error))
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
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const ready = this.tryAccept()
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
    this.#closing ??= this.#closeOnce(reason)
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
    this.#failure = socketError('cannot accept on', this.address, cause)
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

function checkNumbers(port: number, backlog: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port must be an integer from 0 to 65535, not ${port}`)
  }
  if (!Number.isInteger(backlog) || backlog < 1) {
    throw new RangeError(`backlog must be a positive integer, not ${backlog}`)
  }
}
