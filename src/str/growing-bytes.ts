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

  /** How many bytes may still be appended. */
  get room(): number {
    return this.#maxBytes - this.#length
  }

  /** The bytes so far. What is appended later does not change them. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  /** The values that it had at these lengths, in ascending order, one behind another. */
  valuesAt(lengths: readonly number[]): Buffer {
    const [first = 0, second] = lengths
    if (second === undefined) return this.#memory.subarray(0, first)
    const values = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0))
    let end = this.#memory.copy(values, 0, 0, first)
    let before = first
    for (let index = 1; index < lengths.length; index++) {
      const length = lengths[index] as number
      // The value before is the beginning of this one; what is new in it is a letter or a few.
      values.copyWithin(end, end - before, end)
      for (let i = before; i < length; i++) values[end + i] = this.#memory[i] as number
      end += length
      before = length
    }
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
    if (bytes.length === 1) this.#memory[this.#length] = bytes[0] as number
    else this.#memory.set(bytes, this.#length)
    this.#length = needed
    return true
  }
}
