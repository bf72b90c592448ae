// The resident memory of a server over time, and whether it has grown.
import { median } from '../../bench/support/statistics.ts'

/**
 * A collection of garbage more or less moves the memory of a process of 60 MB by some megabytes;
 * a tenth of so little is not more than that.
 */
const SLACK_MB = 5
const MAX_GROWTH = 0.1

export interface Growth {
  early: number
  late: number
  isTooMuch: boolean
}

/**
 * Compares the memory around `early`, an index into the samples, with that at their end. Medians
 * over a window, so that no single sample counts.
 */
export function growthOf(samples: readonly number[], early: number): Growth {
  const window = Math.max(1, Math.min(early, 10))
  const [before, after] = [
    median(samples.slice(early - window, early)),
    median(samples.slice(-window)),
  ]
  const isTooMuch = after > before * (1 + MAX_GROWTH) + SLACK_MB
  return { early: before, late: after, isTooMuch }
}
