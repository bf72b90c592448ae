// A string of bytes that only grows: every value that it ever had stays readable, without a copy.

const FIRST_CAPACITY_BYTES = 1024

/** The total v of the str programs. */
export class GrowingBytes {
  #memory: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES)
  #length = 0
  readonly #maxBytes: number

  constructor(maxBytes = Infinity) {
    this.#maxBytes = maxBytes
  }

  /** How many bytes there are so far. */
  get length(): number {
    return this.#length
  }

  /** The bytes so far. What is appended later does not change them. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** The values that it had at these lengths, one behind another. */
  valuesAt(lengths: readonly number[]): Buffer {
    const [first = 0, second] = lengths
    if (second === undefined) return this.#memory.subarray(0, first)
    const values = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0))
    let end = 0
    for (const length of lengths) end += this.#memory.copy(values, end, 0, length)
    return values
  }

  /** Appends all of the bytes; gives false, and appends none, where they are too many. */
  append(bytes: Uint8Array): boolean {
    const needed = this.#length + bytes.length
    if (needed > this.#maxBytes) return false
    if (needed > this.#memory.length) {
      // Views of the old memory keep their bytes: it is left behind, not overwritten.
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    this.#memory.set(bytes, this.#length)
    this.#length = needed
    return true
  }
}
