// One client's side of a dialogue with str-server, and the rule that every reply has to obey.
import { Failure } from './outcome.ts'

const START = Buffer.alloc(0)

/**
 * Each reply is the value of v at that moment. Replies have no length on the wire, so a client
 * that checks them sends a letter that nobody else sends: the reply to its k-th letter is as much
 * of v as ends with the k-th of these letters, and has no other after it.
 */
export class Transcript {
  readonly #letter: number
  #unparsed: Buffer = START
  /** Where the reply that is coming has been searched to, and how many of our letters it has. */
  #searched = 0
  #found = 0
  #last: Buffer = START
  #replies = 0

  /** `letter` is the byte that this client sends, and no other. */
  constructor(letter: number) {
    this.#letter = letter
  }

  get replies(): number {
    return this.#replies
  }

  /** The longest reply so far. */
  get last(): Buffer {
    return this.#last
  }

  /** Whether a part of a reply has come, and its end has not. */
  get isInReply(): boolean {
    return this.#unparsed.length > 0
  }

  /** Takes bytes as they came. Throws a Failure at the first reply that can't be the value of v. */
  push(piece: Buffer): void {
    this.#unparsed = this.#unparsed.length === 0 ? piece : Buffer.concat([this.#unparsed, piece])
    for (;;) {
      const at = this.#unparsed.indexOf(this.#letter, this.#searched)
      if (at < 0) {
        this.#searched = this.#unparsed.length
        return
      }
      this.#searched = at + 1
      this.#found++
      if (this.#found > this.#replies) this.#take(this.#unparsed.subarray(0, this.#searched))
    }
  }

  #take(reply: Buffer): void {
    this.#replies++
    const start = reply.subarray(0, this.#last.length)
    if (reply.length <= this.#last.length || !start.equals(this.#last)) {
      const expected = `longer than the ${this.#last.length} bytes before, and beginning with them`
      throw new Failure(`reply ${this.#replies} to ${this.#letter}`, expected, text(reply))
    }
    this.#last = reply
    this.#unparsed = this.#unparsed.subarray(reply.length)
    this.#searched = 0
    this.#found = 0
  }

  /** Fails unless the final value begins with all our replies and has our letters that often. */
  checkAgainst(finalValue: Buffer, sent: number): void {
    if (!finalValue.subarray(0, this.#last.length).equals(this.#last)) {
      throw new Failure('the final value', `to begin with ${text(this.#last)}`, text(finalValue))
    }
    const count = finalValue.reduce((sum, byte) => sum + Number(byte === this.#letter), 0)
    if (count < this.#replies || count > sent) {
      const expected = `from ${this.#replies} (answered) to ${sent} (sent)`
      throw new Failure(`how often the final value has ${this.#letter}`, expected, count)
    }
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1')
}
