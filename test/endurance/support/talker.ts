// A client of str-server that keeps to the rules, and expects the server to keep to them as well.
import { connect, type Socket } from 'node:net'
import { type Counts, check, within } from './outcome.ts'
import { settled } from './perform.ts'
import { Transcript } from './transcript.ts'

/** A reply has to come within this time, on a busy machine too. */
const PATIENCE_MS = 20_000

export class Talker {
  readonly #letter: number
  readonly #counts: Counts
  readonly #socket: Socket
  readonly #transcript: Transcript
  #sent = 0
  #failure: unknown
  #wake = () => {}

  /** Connects. `letter` is this client's own: nobody else of the same server may send it. */
  constructor(port: number, letter: number, counts: Counts) {
    this.#letter = letter
    this.#counts = counts
    this.#transcript = new Transcript(letter)
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    counts.connections++
    this.#socket.on('error', () => {})
    this.#socket.on('data', (piece) => {
      try {
        this.#transcript.push(piece)
      } catch (error) {
        this.#failure ??= error
      }
      this.#wake()
    })
    this.#socket.on('close', () => this.#wake())
  }

  /** Length of the longest reply, which is v as far as we know. */
  get valueLength(): number {
    return this.#transcript.last.length
  }

  /** Sends so many letters in one segment, and waits for the reply to each. */
  async say(letters: number): Promise<void> {
    this.#counts.actions++
    this.#socket.write(Buffer.alloc(letters, this.#letter))
    this.#sent += letters
    const isAnswered = () => this.#transcript.replies === this.#sent || this.#socket.closed
    const what = `client ${this.#letter} gets its reply ${this.#sent}`
    const found = () => `${this.#transcript.replies} replies, ${this.valueLength} bytes of v`
    await within(PATIENCE_MS, what, this.#until(isAnswered), found)
    if (this.#failure !== undefined) throw this.#failure
    check(this.#counts, this.#transcript.replies === this.#sent, what, 'a reply', found())
    check(this.#counts, !this.#transcript.isInReply, what, 'nothing more', 'more bytes')
  }

  /** Leaves in good order: the end of data, and then the server's. */
  async leave(): Promise<void> {
    this.#socket.end()
    await within(PATIENCE_MS, `client ${this.#letter} may leave`, settled(this.#socket, 'close'))
  }

  /** Compares all that was said with the value that the server printed at its end. */
  checkAgainst(finalValue: Buffer): void {
    this.#transcript.checkAgainst(finalValue, this.#sent)
    this.#counts.checks++
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
