// The resident memory of a server over time, and whether it has grown.
import { median } from '../../bench/support/statistics.ts'

/** V8 lets the heap of a process at work grow for about so long before it settles. */
export const WARM_UP_SECONDS = 60
/**
 * A collection of garbage more or less moves the memory of a process of 60 MB by some megabytes;
 * a tenth of so little is not more than that.
 */
const SLACK_MB = 5
/** After less than the warm-up, the young generation of the heap (3 × 16 MB at most) still grows. */
const COLD_SLACK_MB = 24
const MAX_GROWTH = 0.1

export interface Growth {
  early: number
  late: number
  isTooMuch: boolean
}

/**
 * Compares the memory around `early`, an index into the samples, with that at their end. Medians
 * over a window, so that no single sample counts. `isCold`: `early` is before the warm-up is over.
 */
export function growthOf(samples: readonly number[], early: number, isCold: boolean): Growth {
  const window = Math.max(1, Math.min(early, 10))
  const [before, after] = [
    median(samples.slice(early - window, early)),
    median(samples.slice(-window)),
  ]
  const isTooMuch = after > before * (1 + MAX_GROWTH) + (isCold ? COLD_SLACK_MB : SLACK_MB)
  return { early: before, late: after, isTooMuch }
}
