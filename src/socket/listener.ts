// A listening socket: it takes connections, and hands them out one accept at a time.
import type { Server, Socket } from 'node:net'
import { type Endpoint, nextSocketNumber, traced } from '../calls.ts'
import { acceptedSocket } from './accepted.ts'
import { type Address, addressOf, formatAddress } from './address.ts'
import { closedError, SocketError, socketError } from './errors.ts'
import { endpoint, type Readiness, readiness, Watchers } from './internal.ts'
import type { ListenOptions } from './listen-options.ts'
import type { TcpSocket } from './tcp-socket.ts'
import { abortable, type WaitOptions } from './waiting.ts'

const WILDCARDS = ['::', '0.0.0.0']

/** A listening socket, from `listen`. */
export class Listener {
  /** Where it listens, with the port that the operating system chose for port 0; kept after. */
  readonly address: Address
  /** What a trace says of it. */
  readonly [endpoint]: Endpoint
  readonly #server: Server
  readonly #options: ListenOptions
  /** Connections that nobody has accepted. */
  readonly #connections: TcpSocket[] = []
  /** Ends the wait of each accept, in their order: with a connection, or to look again. */
  readonly #accepts = new Set<(socket: TcpSocket | undefined) => void>()
  readonly #watchers = new Watchers()
  /** Why a connection could not be taken, for the next accept. */
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  /** For `listen` only. */
  constructor(server: Server, options: ListenOptions) {
    this.#server = server
    this.#options = options
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new TypeError('not a listening server')
    this.address = addressOf(bound.address, bound.port)
    this[endpoint] = { socket: nextSocketNumber(), local: this.address }
    server.on('connection', (raw) => this.#arrived(raw))
    server.on('error', (error) => this.#failed(error))
    // Node has closed the connection by then.
    server.on('drop', () => options.onRefused?.(tooManyError(this.address)))
    options.signal?.addEventListener('abort', this.#closeAtAbort, { once: true })
  }

  /** For the Selector: whether `accept` would return at once. */
  get [readiness](): Readiness {
    const isOver = () => this.#closing !== undefined || this.#failure !== undefined
    const isReadable = () => this.#connections.length > 0 || isOver()
    return {
      get readable() {
        return isReadable()
      },
      demand: () => {},
      watch: (watcher) => this.#watchers.add(watcher),
    }
  }

  /**
   * Waits for the next connection. Several waiting calls are served in their order. A connection
   * made before the call is there, with its first bytes and its end of data.
   *
   * Rejects with ERR_SOCKET_CLOSED when the listener is or gets closed; with the operating
   * system's error (`EMFILE`) if it could not take a connection, after which the listener goes on;
   * with `signal.reason` when aborted, which takes no connection. Tutorial, 2.1; accept(2).
   */
  accept({ signal }: WaitOptions = {}): Promise<TcpSocket> {
    return traced(
      'accept',
      this[endpoint],
      () => this.#accept(signal),
      (socket) => socket[endpoint],
    )
  }

  async #accept(signal: AbortSignal | undefined): Promise<TcpSocket> {
    signal?.throwIfAborted()
    for (;;) {
      const socket = this.#take() ?? (await this.#arrival(signal))
      if (socket !== undefined) return socket
    }
  }

  /** The connections one by one, until the listener is closed. Leaving the loop closes nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpSocket, void, void> {
    for (;;) {
      let socket: TcpSocket
      try {
        socket = await this.accept()
      } catch (error) {
        if (this.#closing !== undefined) return
        throw error
      }
      yield socket
    }
  }

  /**
   * Stops listening. Resolves when the port is free, without waiting for accepted sockets. A
   * connection that nobody accepted is closed. A waiting or later `accept` rejects with
   * ERR_SOCKET_CLOSED. Calling it again does nothing.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    this.#closing = traced('close', this[endpoint], () => {
      this.#server.close()
      // The descriptor is closed by now; its handle is let go in the turn after this one.
      return new Promise((resolve) => setImmediate(resolve))
    })
    this.#options.signal?.removeEventListener('abort', this.#closeAtAbort)
    for (const socket of this.#connections.splice(0)) void socket.close()
    this.#lookAgain()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  readonly #closeAtAbort = (): void => {
    void this.close()
  }

  #take(): TcpSocket | undefined {
    if (this.#closing !== undefined) {
      throw closedError('listener on', this.address, this.#options.signal?.reason)
    }
    const socket = this.#connections.shift()
    if (socket !== undefined || this.#failure === undefined) return socket
    const failure = socketError('cannot accept on', this.address, this.#failure)
    this.#failure = undefined
    throw failure
  }

  #arrival(signal: AbortSignal | undefined): Promise<TcpSocket | undefined> {
    return abortable(signal, (resolve) => {
      this.#accepts.add(resolve)
      return () => this.#accepts.delete(resolve)
    })
  }

  /** The socket listens for errors at once: one client's failure must not reach the others. */
  #arrived(raw: Socket): void {
    // When we listen on all interfaces, only the operating system knows our end's address.
    const local = WILDCARDS.includes(this.address.host) ? undefined : this.address
    const socket = acceptedSocket(raw, this.#options.idleTimeoutMs, local)
    const [accept] = this.#accepts
    if (this.#closing !== undefined) void socket.close()
    else if (accept !== undefined) accept(socket)
    else {
      this.#connections.push(socket)
      this.#watchers.notify()
    }
  }

  #failed(cause: Error): void {
    const { onRefused } = this.#options
    onRefused?.(socketError('cannot accept on', this.address, cause))
    if (onRefused !== undefined) return
    this.#failure = cause
    this.#lookAgain()
  }

  /** Ends the waits: one finds what has happened, the others wait again, in their order. */
  #lookAgain(): void {
    for (const accept of [...this.#accepts]) accept(undefined)
    this.#watchers.notify()
  }
}

function tooManyError(address: Address): SocketError {
  const message = `cannot accept on ${formatAddress(address)}: too many connections are open`
  return new SocketError('ERR_TOO_MANY_CONNECTIONS', message, address)
}
