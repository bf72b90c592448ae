// What happens to bytes on their way: the delay and the cuts, put together.
import { pieceSizes } from './cuts.ts'
import { delayed } from './delay.ts'
import { inPieces, spaced } from './pieces.ts'
import type { Source } from './source.ts'

/** A reader that waits in recv sees each piece; with 1 ms, a busy machine merges many of them. */
const PIECE_SPACING_MS = 5

export interface PathOptions {
  /** The smallest and the largest piece in bytes; without it, bytes go on as they come. */
  readonly cut?: { readonly min: number; readonly max: number } | undefined
  readonly seed: number
  /** How long a piece that is not full waits for its next byte. */
  readonly gapMs: number
  readonly delayMs?: number | undefined
}

/** Returns what comes out at the other end of the path. */
export function overPath(recv: Source, { cut, seed, gapMs, delayMs }: PathOptions): Source {
  const late = delayMs === undefined ? recv : delayed(recv, delayMs)
  if (cut === undefined) return late
  return spaced(inPieces(late, pieceSizes(seed, cut.min, cut.max), gapMs), PIECE_SPACING_MS)
}
