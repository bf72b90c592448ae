// A connected TCP socket with the calls of the sockets API, as promises.
import type { Socket } from 'node:net'
import {
  callBegins,
  callReturns,
  type Endpoint,
  isTraced,
  nextSocketNumber,
  traced,
  transferOf,
} from '../calls.ts'
import { type Address, formatAddress, plainHost } from './address.ts'
import { closedError, codeOf, idleError, SocketError, socketError } from './errors.ts'
import type { LineOptions } from './line-splitter.ts'
import type { Encoding } from './lines.ts'
import { type Readiness, readiness } from './readiness.ts'
import type { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { SocketFile } from './socket-file.ts'
import { subject } from './subject.ts'
import type { WaitOptions } from './wait-options.ts'

/** How long a close waits for the peer's end of data before it gives the connection up. */
const LINGER_MS = 2000

/**
 * One end of a connection, from `connect` or `accept`.
 *
 * Half-open by default: the peer's end of data ends only the receiving. A call that fails rejects
 * with a SocketError that has Node's code and the peer's address. An error that comes while nobody
 * waits is kept for the next call.
 */
export class TcpSocket {
  /** This end; kept after the close. */
  readonly localAddress: Address
  /** The peer; kept after the close. */
  readonly remoteAddress: Address
  /** What a trace says of it. */
  readonly [subject]: Endpoint
  readonly #raw: Socket
  readonly #receiver: Receiver
  readonly #sender: Sender
  #failure: SocketError | undefined
  #sentBytes = 0
  #sendingOver = false
  #closing: Promise<void> | undefined

  /** For `connect` and `accept` only: a connected socket of Node and the receiver that it feeds. */
  constructor(raw: Socket, receiver: Receiver, idleTimeoutMs = Infinity) {
    this.#raw = raw
    this.#receiver = receiver
    receiver.idleTimeoutMs = idleTimeoutMs
    receiver.makeIdleError = () => idleError(this.remoteAddress, idleTimeoutMs)
    this.#sender = new Sender(raw)
    // A peer that reset the connection before it was accepted has no address any more.
    this.localAddress = { host: plainHost(raw.localAddress ?? 'unknown'), port: raw.localPort ?? 0 }
    this.remoteAddress = {
      host: plainHost(raw.remoteAddress ?? 'unknown'),
      port: raw.remotePort ?? 0,
    }
    this[subject] = {
      socket: nextSocketNumber(),
      local: this.localAddress,
      remote: this.remoteAddress,
    }
    receiver.subject = this[subject]
    raw.on('end', () => this.#confirmEnd())
    raw.on('error', (error) => this.#fail(error))
    raw.on('close', () => this.#sender.rejectAll(() => this.#failure ?? this.#closedError()))
  }

  /** For the Selector: whether `recv` or `tryRecv` would return at once. */
  get [readiness](): Readiness {
    return this.#receiver
  }

  get isSending(): boolean {
    return this.#sender.busy
  }

  /** How many bytes have arrived so far, read or not; kept after the close. */
  get bytesReceived(): number {
    return this.#raw.bytesRead
  }

  /**
   * Waits for bytes and gives 1 to `maxBytes` of them, as soon as any are there; an empty Buffer
   * is the end of data, again and again. The memory is the caller's to keep.
   *
   * Rejects with RangeError where `maxBytes` is no positive integer; with ECONNRESET and the like
   * once all that came before has been delivered; ETIMEDOUT after `idleTimeoutMs` of silence;
   * ERR_SOCKET_CLOSED after a close; ERR_READER_WAITING where another reader waits. An aborted call takes nothing.
   * Tutorial, sections 2.1 and 2.2; recv(2).
   */
  recv(maxBytes: number, { signal }: WaitOptions = {}): Promise<Buffer> {
    const receiver = this.#receiver
    if (!isCount(maxBytes)) return Promise.reject(countError(maxBytes))
    return receiver.wait({
      call: 'recv',
      enough: () => receiver.queue.length > 0,
      finish: () => receiver.takeOrEnd(maxBytes),
      signal,
    })
  }

  /**
   * As `recv`, into the caller's memory: gives how many bytes came, 0 at the end of data.
   *
   * Rejects as `recv` does; with RangeError for an empty `buffer`. recv(2).
   */
  recvInto(buffer: Uint8Array, { signal }: WaitOptions = {}): Promise<number> {
    const receiver = this.#receiver
    if (buffer.length === 0) return Promise.reject(countError(0))
    let received = 0
    return receiver.wait({
      call: 'recv',
      enough: () => receiver.queue.length > 0,
      direct: (bytes) => {
        received = Math.min(bytes.length, buffer.length)
        bytes.copy(buffer, 0, 0, received)
        return received
      },
      finish: () => {
        if (received > 0) return received
        if (receiver.queue.length === 0) receiver.throwFailure()
        return receiver.queue.takeInto(buffer)
      },
      signal,
    })
  }

  /**
   * Nonblocking: up to `maxBytes` bytes that are here already, undefined for "nothing yet"
   * (EWOULDBLOCK), an empty Buffer for the end of data.
   *
   * Node reads between turns of the event loop, so a loop of this call must give it a turn.
   * Throws what `recv` rejects with. Tutorial, section 6.
   */
  tryRecv(maxBytes: number): Buffer | undefined {
    if (!isCount(maxBytes)) throw countError(maxBytes)
    return this.#receiver.tryTake(maxBytes)
  }

  /**
   * Sends all of `data` (a string as UTF-8): resolves when the operating system has taken every
   * byte, after which the caller may reuse the memory. Calls made together go out whole, in order.
   *
   * Rejects with the connection's error when it dies, also while waiting; with EPIPE after
   * `shutdown`, and ERR_SOCKET_CLOSED when the socket is closed. Tutorial, section 4; send(2).
   */
  sendAll(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return isTraced() ? this.#sendAllTraced(bytes) : this.#sendAll(bytes)
  }

  #sendAllTraced(bytes: Uint8Array): Promise<void> {
    const transfer = transferOf(bytes, this.#sentBytes)
    const send = () => this.#sendAll(bytes)
    return traced('sendAll', this[subject], send, () => transfer)
  }

  #sendAll(bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#sentBytes += bytes.length
    return bytes.length === 0 ? Promise.resolve() : this.#sender.send(bytes)
  }

  /** A view of the socket as a file; see SocketFile. Tutorial, section 5.2. */
  makeFile<E extends Encoding = 'utf8'>(options: LineOptions<E> = {}): SocketFile<E> {
    return new SocketFile(this.#receiver, (data) => this.sendAll(data), options)
  }

  /**
   * No more sending: the peer gets the end of data once all is sent; receiving goes on. Again is
   * harmless. After it a reset behind unread data can look like the end of data, for the layer
   * has no way left to ask the operating system. shutdown(2) with SHUT_WR.
   */
  shutdown(): void {
    if (this.#sendingOver || this.#closing !== undefined) return
    this.#sendingOver = true
    const call = isTraced() ? callBegins('shutdown', this[subject]) : undefined
    this.#raw.end()
    if (call !== undefined) callReturns(call)
  }

  /**
   * Closes the connection: resolves when the descriptor is gone, after 2 s at most. Again is
   * harmless.
   *
   * A waiting or later `recv`, `sendAll` or file read rejects with ERR_SOCKET_CLOSED. What a
   * waiting `sendAll` held may still go out; its memory is the caller's again when this resolves.
   *
   * A close with unread input would make the operating system send a reset, and the peer would
   * lose the tail of what we sent. So it ends the sending, then reads and drops what comes until
   * the peer's end of data. Tutorial, section 5.3; close(2).
   */
  close(): Promise<void> {
    this.#closing ??= traced('close', this[subject], () => this.#close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #close(): Promise<void> {
    const makeError = () => this.#closedError()
    this.#receiver.close(makeError)
    this.#sender.rejectAll(makeError)
    if (this.#raw.closed) return Promise.resolve()
    return new Promise((resolve) => {
      // A peer that was waited for in vain is not waited for again.
      const lingerMs = this.#receiver.hasTimedOut ? 0 : LINGER_MS
      const deadline = setTimeout(() => this.#raw.destroy(), lingerMs)
      this.#raw.once('close', () => {
        clearTimeout(deadline)
        resolve()
      })
      this.#raw.end()
      this.#receiver.demand()
    })
  }

  /** Why nothing can be sent, if nothing can. */
  #refusal(): SocketError | undefined {
    if (this.#closing !== undefined) return this.#closedError()
    if (this.#failure !== undefined) return this.#failure
    // Writing after end() would destroy Node's socket, and with it the reply still to come.
    if (this.#sendingOver) {
      const message = `cannot send to ${formatAddress(this.remoteAddress)} after shutdown`
      return new SocketError('EPIPE', message, this.remoteAddress)
    }
    return undefined
  }

  /**
   * Node reports a reset that lies behind unread data as a clean end, so that a cut stream looks
   * whole. An empty write sends nothing, and the operating system answers it with ECONNRESET
   * where there was a reset, with EPIPE where it came behind the peer's end of data, so that the
   * stream is whole. It can't be asked after our own shutdown, nor behind a stuck write.
   */
  #confirmEnd(): void {
    const raw = this.#raw
    if (this.#sendingOver || this.#sender.busy || raw.writableEnded) {
      this.#receiver.end()
      return
    }
    raw.write('', (error) => {
      const isWhole = error ? codeOf(error) === 'EPIPE' : !raw.errored
      if (isWhole) this.#receiver.end()
    })
  }

  #fail(cause: Error): void {
    const failure = socketError('lost the connection to', this.remoteAddress, cause)
    this.#failure = failure
    this.#receiver.fail(failure)
    this.#sender.rejectAll(() => failure)
  }

  #closedError(): SocketError {
    return closedError('connection to', this.remoteAddress)
  }
}

function isCount(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes > 0
}

function countError(bytes: number): RangeError {
  return new RangeError(`the number of bytes to receive must be a positive integer, not ${bytes}`)
}
