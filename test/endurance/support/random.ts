// Chance that can be repeated: the same seed gives the same numbers, on every machine.

const UINT32 = 2 ** 32

/** A generator of its own for each actor, so that the timing of one can't change another's luck. */
export class Random {
  readonly seed: string
  #state: number

  constructor(seed: string | number) {
    this.seed = String(seed)
    this.#state = hash(this.seed)
  }

  /** A generator that depends on our seed and the name only, not on what was drawn before. */
  fork(name: string | number): Random {
    return new Random(`${this.seed}/${name}`)
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    // mulberry32: small, and good enough to vary what programs are given.
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / UINT32
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** A whole number from 1 to `max`; small ones are as likely as large ones are. */
  size(max: number): number {
    return Math.floor(Math.exp(this.next() * Math.log(max + 1)))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.integer(0, values.length - 1)] ?? values[0]
  }

  /** So many bytes, each from `first` to `last`. */
  bytes(count: number, first = 0, last = 255): Buffer {
    const bytes = Buffer.alloc(count)
    for (let i = 0; i < count; i++) bytes[i] = this.integer(first, last)
    return bytes
  }
}

/** FNV-1a, 32 bits, and a last stir, for similar seeds shall not give similar numbers. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return value ^ (value >>> 13)
}
