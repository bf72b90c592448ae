// The sizes of the pieces in which our answers leave.
import { pieceSizes } from '../relay/cuts.ts'

const MAX_SMALL_BYTES = 7
/** So many small pieces are enough; what is left after them leaves at once. */
const SMALL_PIECES = 40
const LARGE_BYTES = 65_536

/** Returns the size of the next piece at each call. */
export type Sizes = () => number

/** First a single byte, then 1 to 7 bytes, as the seed decides. */
export function smallPieces(seed: number): Sizes {
  const next = pieceSizes(seed, 1, MAX_SMALL_BYTES)
  let count = 0
  return () => {
    count++
    return count === 1 ? 1 : count <= SMALL_PIECES ? next() : Number.POSITIVE_INFINITY
  }
}

export function largePieces(): Sizes {
  return () => LARGE_BYTES
}

export function allAtOnce(): Sizes {
  return () => Number.POSITIVE_INFINITY
}
