// Where a stream is cut into pieces: decided by a seed and the stream's offset alone.

/** A seed is a whole number below this. */
export const SEED_LIMIT = 2 ** 32

/**
 * Returns a function that returns the size in bytes of a stream's next piece, each call the one
 * after it: a whole number from `min` to `max`, all equally likely. The same seed gives the same
 * sizes on every machine, so the same stream is cut at the same offsets, whatever its sender wrote.
 *
 * `seed` is a whole number below SEED_LIMIT; `min` and `max` are whole numbers, 1 <= min <= max.
 */
export function pieceSizes(seed: number, min: number, max: number): () => number {
  const next = randomFractions(seed)
  return () => min + Math.floor(next() * (max - min + 1))
}

/**
 * Tommy Ettinger's mulberry32: numbers from 0 to just below 1, from 32 bits of state. Math.random
 * takes no seed. Math.imul and >>> keep every step within 32 bits.
 */
function randomFractions(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / SEED_LIMIT
  }
}
