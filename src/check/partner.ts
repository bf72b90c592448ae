// Our end of a connection with the program under check: it sends, and it expects.
import { setTimeout as delay } from 'node:timers/promises'
import { Selector, SocketError, type TcpSocket } from '../socket/index.ts'
import { bytesOf } from '../trace/amounts.ts'
import { orAbort, TimeLimitError } from './deadline.ts'
import { Unmet } from './step.ts'
import { secondsOf, shown } from './words.ts'

/** Pieces that leave so far apart reach a waiting reader one by one, the first of them surely. */
const PIECE_GAP_MS = 5
const FIRST_GAP_MS = 100
const PEEK_BYTES = 1024
const MANY_BYTES = 65_536

/** Why nothing more comes. */
export type Ending = 'the end of data' | 'a reset' | 'the time limit'

export class Partner {
  readonly #socket: TcpSocket
  readonly #signal: AbortSignal

  /** `signal` ends every wait: at the step's time limit, or when the check is interrupted. */
  constructor(socket: TcpSocket, signal: AbortSignal) {
    this.#socket = socket
    this.#signal = signal
  }

  /** Resolves when the operating system has taken all of it. Rejects with Unmet if it does not. */
  async send(data: string | Uint8Array): Promise<void> {
    try {
      await orAbort(this.#socket.sendAll(data), this.#signal)
    } catch (error) {
      throw new Unmet(`it reads what we send: ${shown(data)}`, this.#endingOf(error))
    }
  }

  /** Sends the bytes in pieces, each as its own segment as far as TCP allows. */
  async sendPieces(data: Uint8Array, nextSize: () => number): Promise<void> {
    for (let start = 0; start < data.length; ) {
      const end = start + nextSize()
      await this.send(data.subarray(start, end))
      if (end < data.length) await delay(start === 0 ? FIRST_GAP_MS : PIECE_GAP_MS)
      start = end
    }
  }

  /** Ends our data; receiving goes on. */
  endData(): void {
    this.#socket.shutdown()
  }

  /** Leaves in good order, without waiting for the program to do the same. */
  leave(): void {
    this.#socket.shutdown()
    void this.#socket.close()
  }

  reset(): void {
    this.#socket.reset()
  }

  /** Resolves with 1 to `maxBytes` bytes as soon as any are there, or with why none come. */
  async receive(maxBytes: number): Promise<Buffer | Ending> {
    try {
      const bytes = await this.#socket.recv(maxBytes, { signal: this.#signal })
      return bytes.length === 0 ? 'the end of data' : bytes
    } catch (error) {
      return this.#endingOf(error)
    }
  }

  /** Receives and drops all that comes; resolves with how it ends. */
  async dropAll(): Promise<Ending> {
    for (;;) {
      const next = await this.receive(MANY_BYTES)
      if (typeof next === 'string') return next
    }
  }

  /** Receives so many bytes, whatever they are. Rejects with Unmet if fewer come. */
  async takeAny(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const next = await this.receive(left)
      if (typeof next === 'string') {
        const came = count === left ? 'nothing' : bytesOf(count - left)
        throw new Unmet(bytesOf(count), cameWords(came, next))
      }
      left -= next.length
    }
  }

  /** Receives up to and with the first `last`, a single byte. Rejects with Unmet if it does not come. */
  async receiveThrough(last: string, what: string): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (;;) {
      const next = await this.receive(MANY_BYTES)
      if (typeof next === 'string') {
        throw new Unmet(`${what}, up to "${last}"`, cameWords(shown(Buffer.concat(pieces)), next))
      }
      pieces.push(next)
      if (next.includes(last)) return Buffer.concat(pieces)
    }
  }

  /** Receives exactly these bytes. `what` names them in a failure. */
  async expect(data: string | Uint8Array, what: string): Promise<void> {
    const expected = Buffer.from(data)
    let bytes = Buffer.alloc(0)
    while (bytes.length < expected.length) {
      const next = await this.receive(expected.length - bytes.length)
      const came = typeof next === 'string' ? bytes : Buffer.concat([bytes, next])
      const isRight = came.equals(expected.subarray(0, came.length))
      if (typeof next !== 'string' && isRight) bytes = came
      else {
        const all = isRight ? came : Buffer.concat([came, this.#peek()])
        const ending = typeof next === 'string' ? next : undefined
        throw new Unmet(`${what}: ${shown(expected)}`, cameWords(shown(all), ending))
      }
    }
  }

  /** Waits for so long; resolves with whether nothing has come in that time, nor any end. */
  async isSilent(milliseconds: number): Promise<boolean> {
    const selector = new Selector()
    selector.register(this.#socket)
    const ready = await selector.select(milliseconds)
    selector.unregister(this.#socket)
    return ready.length === 0
  }

  /** Expects neither bytes nor an end for so long. `when` follows `nothing for 0.5 s`. */
  async expectNothing(milliseconds: number, when: string): Promise<void> {
    if (await this.isSilent(milliseconds)) return
    const next = await this.receive(PEEK_BYTES)
    const came = typeof next === 'string' ? next : shown(next)
    throw new Unmet(`nothing for ${secondsOf(milliseconds)} ${when}`, came)
  }

  /** Expects the end of data next. `after` follows `the end of data`. */
  async expectEnd(after: string): Promise<void> {
    const next = await this.receive(PEEK_BYTES)
    if (next === 'the end of data') return
    const came = typeof next === 'string' ? cameWords('nothing', next) : shown(next)
    throw new Unmet(`the end of data ${after}`, came)
  }

  /** What is here already. */
  #peek(): Buffer {
    try {
      return this.#socket.tryRecv(PEEK_BYTES) ?? Buffer.alloc(0)
    } catch {
      return Buffer.alloc(0)
    }
  }

  /** Throws what is no doing of the program's. */
  #endingOf(error: unknown): Ending {
    if (error instanceof TimeLimitError) return 'the time limit'
    if (error instanceof SocketError && error.code !== 'ERR_SOCKET_CLOSED') return 'a reset'
    throw error
  }
}

/** `3 bytes "abc", then the end of data`; without an ending, `came` as it is. */
export function cameWords(came: string, ending: Ending | undefined): string {
  if (ending === undefined) return came
  if (came !== 'nothing') return `${came}, then ${ending}`
  return ending === 'the time limit' ? 'nothing within the time limit' : ending
}
