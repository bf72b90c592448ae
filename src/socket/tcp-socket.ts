// A connected TCP socket with the calls of the sockets API, as promises.
import type { Socket } from 'node:net'
import {
  callBegins,
  callReturns,
  type Endpoint,
  isTraced,
  nextSocketNumber,
  type Transfer,
  traced,
  transferOf,
} from '../calls.ts'
import { type Address, addressOf, formatAddress } from './address.ts'
import { closedError, codeOf, idleError, SocketError, socketError } from './errors.ts'
import { IdleTimer } from './idle-timer.ts'
import { endpoint, type Readiness, readiness } from './internal.ts'
import type { LineOptions } from './line-splitter.ts'
import type { Encoding } from './lines.ts'
import type { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { SocketFile } from './socket-file.ts'
import type { WaitOptions } from './waiting.ts'

/** How long a close waits for the peer's end of data before it gives the connection up. */
const LINGER_MS = 2000

/**
 * One end of a connection, from `connect` or `accept`.
 *
 * Half-open by default: the peer's end of data ends only the receiving. A call that fails rejects
 * with a SocketError that has Node's code and the peer's address. An error that comes while no call
 * waits is kept for the next one.
 */
export class TcpSocket {
  /** This end; kept after the close. */
  readonly localAddress: Address
  /** The peer; kept after the close. */
  readonly remoteAddress: Address
  readonly #number = nextSocketNumber()
  readonly #raw: Socket
  readonly #receiver: Receiver
  readonly #sender: Sender
  readonly #idle: IdleTimer | undefined
  #sentBytes = 0
  #hasShutdown = false
  #closing: Promise<void> | undefined

  /** For `connect` and `accept` only: a connected socket of Node and the receiver that it feeds. */
  constructor(
    raw: Socket,
    receiver: Receiver,
    idleTimeoutMs = Infinity,
    localAddress = addressOf(raw.localAddress, raw.localPort),
  ) {
    this.#raw = raw
    this.#receiver = receiver
    this.#sender = new Sender(raw, () => receiver.beginToWait?.())
    this.localAddress = localAddress
    this.remoteAddress = addressOf(raw.remoteAddress, raw.remotePort)
    if (idleTimeoutMs !== Infinity) this.#idle = this.#limitIdleTime(idleTimeoutMs)
    raw.on('end', () => this.#confirmEnd())
    raw.on('error', (error) => this.#fail(error))
  }

  /** What a trace says of it. */
  get [endpoint](): Endpoint {
    return { socket: this.#number, local: this.localAddress, remote: this.remoteAddress }
  }

  /** For the Selector: whether `recv` or `tryRecv` would return at once. */
  get [readiness](): Readiness {
    return this.#receiver
  }

  /** How many bytes have arrived so far, read or not; kept after the close. */
  get bytesReceived(): number {
    return this.#raw.bytesRead
  }

  /**
   * Whether the operating system has still to take bytes that were sent. Small sends (less than
   * 64 KiB in all) are offered to it at the program's next `await`, and count from then on.
   */
  get isSending(): boolean {
    return this.#sender.isBusy
  }

  /**
   * Waits for bytes and resolves with 1 to `maxBytes` of them as soon as any are there; an empty
   * Buffer is the end of data, again and again. The memory is the caller's to keep.
   *
   * Rejects with a RangeError if `maxBytes` is not a positive integer; with ECONNRESET and the like
   * once all that came before has been delivered; with ETIMEDOUT after `idleTimeoutMs`; with
   * ERR_SOCKET_CLOSED after a close; with ERR_READER_WAITING if another reader waits. An aborted
   * call takes nothing. Tutorial, sections 2.1 and 2.2; recv(2).
   */
  recv(maxBytes: number, { signal }: WaitOptions = {}): Promise<Buffer> {
    return this.#recv(
      () => this.#receiver.recv(maxBytes, signal),
      (bytes) => bytes,
    )
  }

  /**
   * As `recv`, into the caller's memory. Resolves with how many bytes came, 0 at the end of data.
   *
   * Rejects as `recv` does; with a RangeError if `buffer` is empty. recv(2).
   */
  recvInto(buffer: Uint8Array, { signal }: WaitOptions = {}): Promise<number> {
    return this.#recv(
      () => this.#receiver.recvInto(buffer, signal),
      (count) => buffer.subarray(0, count),
    )
  }

  #recv<T>(recv: () => Promise<T>, bytesOf: (value: T) => Uint8Array): Promise<T> {
    if (!isTraced()) return recv()
    const { offset } = this.#receiver
    return traced('recv', this[endpoint], recv, (value) => transferOf(bytesOf(value), offset))
  }

  /**
   * Nonblocking: returns up to `maxBytes` bytes that are here already, undefined for "nothing yet"
   * (EWOULDBLOCK), an empty Buffer for the end of data.
   *
   * Node reads between turns of the event loop, so a loop of this call must give it a turn.
   * Throws what `recv` rejects with. Tutorial, section 6.
   */
  tryRecv(maxBytes: number): Buffer | undefined {
    return isTraced() ? this.#tryRecvTraced(maxBytes) : this.#receiver.tryRecv(maxBytes)
  }

  #tryRecvTraced(maxBytes: number): Buffer | undefined {
    const { offset } = this.#receiver
    const call = callBegins('tryRecv', this[endpoint])
    try {
      const bytes = this.#receiver.tryRecv(maxBytes)
      callReturns(call, bytes === undefined ? { wouldBlock: true } : transferOf(bytes, offset))
      return bytes
    } catch (error) {
      callReturns(call, { error })
      throw error
    }
  }

  /**
   * Sends all of `data` (a string as UTF-8). Resolves when the operating system has taken every
   * byte, after which the caller may reuse the memory. Calls made together go out whole, in order;
   * small ones made without an `await` between them usually in one send(2).
   *
   * Rejects with the connection's error when it dies, also while waiting; with ETIMEDOUT after
   * `idleTimeoutMs`; with EPIPE after `shutdown`; with ERR_SOCKET_CLOSED when the socket is closed.
   * Tutorial, section 4; send(2).
   */
  sendAll(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return this.#send(bytes, this.#sender.hasQueue)
  }

  #send(bytes: Uint8Array, mustQueue: boolean): Promise<void> {
    return mustQueue || isTraced() ? this.#sendTraced(bytes, mustQueue) : this.#sendUntraced(bytes)
  }

  /** Its time in the queue belongs to the call; where its bytes begin is known behind that. */
  #sendTraced(bytes: Uint8Array, mustQueue: boolean): Promise<void> {
    let transfer: Transfer = {}
    const send = () => {
      if (isTraced()) transfer = transferOf(bytes, this.#sentBytes)
      return this.#sendUntraced(bytes)
    }
    const call = mustQueue ? () => this.#sender.whenFree(send) : send
    return traced('sendAll', this[endpoint], call, () => transfer)
  }

  #sendUntraced(bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#sentBytes += bytes.length
    return this.#sender.write(bytes)
  }

  /** Returns a view of the socket as a file; see SocketFile. Tutorial, section 5.2. */
  makeFile<E extends Encoding = 'utf8'>(options: LineOptions<E> = {}): SocketFile<E> {
    const sendBlocks = (blocks: Iterable<Uint8Array>) =>
      this.#sender.whenFree(async () => {
        for (const block of blocks) await this.#send(block, false)
      })
    const source = { receiver: this.#receiver, endpoint: this[endpoint], options }
    return new SocketFile(source, sendBlocks)
  }

  /**
   * Ends the sending: the peer gets the end of data once all is sent; receiving goes on. Calling it
   * again does nothing. After it a reset behind unread data can look like the end of data, for the
   * layer has no way left to ask the operating system. shutdown(2) with SHUT_WR.
   */
  shutdown(): void {
    if (this.#sender.hasQueue) void this.#sender.whenFree(() => this.#shutdown())
    else this.#shutdown()
  }

  #shutdown(): void {
    if (this.#hasShutdown || this.#closing !== undefined) return
    this.#hasShutdown = true
    this.#sender.flush()
    const call = isTraced() ? callBegins('shutdown', this[endpoint]) : undefined
    this.#raw.end()
    if (call !== undefined) callReturns(call)
  }

  /**
   * Closes the connection. Resolves when the descriptor is gone, after 2 s at most. Again is
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
    if (this.#closing !== undefined) return this.#closing
    this.#closing = traced('close', this[endpoint], () => this.#endCalls())
    // A peer that a call has waited for in vain is not waited for again.
    const lingerMs = this.#idle?.hasGivenUp ? 0 : LINGER_MS
    const deadline = setTimeout(() => this.#raw.destroy(), lingerMs)
    void this.#closing.then(() => clearTimeout(deadline))
    this.#raw.end()
    return this.#closing
  }

  /**
   * Cuts the connection with a reset (RST): what was not sent is lost, and the peer gets ECONNRESET.
   * Every call, waiting or later, rejects with ERR_SOCKET_CLOSED. close(2) with SO_LINGER of 0.
   */
  reset(): void {
    this.#closing ??= traced('close', this[endpoint], () => this.#endCalls())
    const raw = this.#raw
    const isShuttingDown = raw.writableEnded && raw.writableLength === 0 && !raw.writableFinished
    // libuv refuses to reset while it shuts down, which it does within a turn.
    if (isShuttingDown) raw.once('finish', () => raw.resetAndDestroy())
    else if (!raw.destroyed) raw.resetAndDestroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Ends every call. Resolves when the descriptor is gone. */
  #endCalls(): Promise<void> {
    const makeError = () => closedError('connection to', this.remoteAddress)
    this.#receiver.close(makeError)
    this.#sender.rejectAll(makeError)
    if (this.#raw.closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#raw.once('close', () => resolve())
    })
  }

  /** Returns why nothing can be sent, if nothing can. */
  #refusal(): SocketError | undefined {
    if (this.#receiver.failure !== undefined) return this.#receiver.failure()
    // Writing after end() would destroy Node's socket, and with it the reply still to come.
    if (!this.#hasShutdown) return undefined
    const message = `cannot send to ${formatAddress(this.remoteAddress)} after shutdown`
    return new SocketError('EPIPE', message, this.remoteAddress)
  }

  /**
   * Node reports a reset that lies behind unread data as a clean end, so that a cut stream looks
   * whole. An empty write sends nothing, and the operating system answers it with ECONNRESET
   * where there was a reset, with EPIPE where it came behind the peer's end of data, so that the
   * stream is whole. It can't be asked after our own shutdown, nor behind a stuck write.
   */
  #confirmEnd(): void {
    const raw = this.#raw
    const confirm = (error?: Error | null) => {
      const isWhole = error ? codeOf(error) === 'EPIPE' : !raw.errored
      if (isWhole) this.#receiver.end()
    }
    if (this.#sender.isBusy || raw.writableEnded) confirm()
    else raw.write('', confirm)
  }

  #fail(cause: Error): void {
    const makeError = () => socketError('lost the connection to', this.remoteAddress, cause)
    this.#receiver.fail(makeError)
    this.#sender.rejectAll(makeError)
  }

  #limitIdleTime(ms: number): IdleTimer {
    const makeError = () => idleError(this.remoteAddress, ms)
    const timer = new IdleTimer(this.#raw, ms, () => {
      const hasEndedRead = this.#receiver.endWait()
      return this.#sender.rejectAll(makeError) || hasEndedRead
    })
    this.#receiver.makeIdleError = makeError
    this.#receiver.beginToWait = () => timer.start()
    return timer
  }
}
