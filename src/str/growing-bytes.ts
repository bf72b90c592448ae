// A string of bytes that only grows: every value that it ever had stays readable, without a copy.

const FIRST_CAPACITY_BYTES = 1024

/** The total v of the str programs, up to `maxBytes` long. */
export class GrowingBytes {
  #memory: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES)
  #length = 0
  readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** The bytes so far. What is appended later does not change them. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** Appends a letter and returns all bytes so far; undefined where there is no room for it. */
  append(letter: Uint8Array): Buffer | undefined {
    const needed = this.#length + letter.length
    if (needed > this.maxBytes) return undefined
    if (needed > this.#memory.length) {
      // Values that are still on their way keep the old memory: it is left behind, not overwritten.
      const larger = Buffer.allocUnsafeSlow(2 * needed)
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    this.#memory.set(letter, this.#length)
    this.#length = needed
    return this.bytes
  }
}
