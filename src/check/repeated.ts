// Copies of a string, compared as they come: what is looked at is never held as a whole.
import { bytesOf, number } from '../trace/amounts.ts'

/** At least so many bytes are compared at a time. */
const PATTERN_BYTES = 1 << 16

/** What has come of the copies of a string. */
export class RepeatedString {
  readonly #length: number
  /** Copies enough to compare any piece of a chunk, wherever in a copy it begins. */
  readonly #pattern: Buffer
  #received = 0

  constructor(string: Buffer) {
    this.#length = string.length
    const count = Math.ceil(PATTERN_BYTES / string.length) + 1
    this.#pattern = Buffer.concat(Array(count).fill(string))
  }

  /** Whether what has come is a whole number of copies, and more than none. */
  get isWhole(): boolean {
    return this.#received > 0 && this.#received % this.#length === 0
  }

  get copies(): number {
    return this.#received / this.#length
  }

  /** `3 copies and 5 bytes of the next` */
  get words(): string {
    const whole = Math.floor(this.copies)
    const rest = this.#received % this.#length
    const copies = copiesOf(whole)
    if (rest === 0) return whole === 0 ? 'nothing' : copies
    return whole === 0 ? `${bytesOf(rest)} of it` : `${copies} and ${bytesOf(rest)} of the next`
  }

  /** Takes the next bytes; returns whether they go on with the copies. */
  take(chunk: Buffer): boolean {
    for (let start = 0; start < chunk.length; ) {
      const offset = this.#received % this.#length
      const piece = chunk.subarray(start, start + this.#pattern.length - offset)
      if (!piece.equals(this.#pattern.subarray(offset, offset + piece.length))) return false
      this.#received += piece.length
      start += piece.length
    }
    return true
  }
}

/** `3 copies` */
export function copiesOf(count: number): string {
  return `${number(count)} ${count === 1 ? 'copy' : 'copies'}`
}
