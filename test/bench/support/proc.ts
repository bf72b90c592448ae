// What Linux tells about a running process, see proc(5).
import { readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second here, whatever its own clock (USER_HZ). */
const TICKS_PER_SECOND = 100
const SAMPLE_MS = 5

/** Processor time of all threads so far, in seconds. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name, in brackets, may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Follows the peak of the resident memory of a process until its end; gives megabytes. */
export function watchPeakMemory(pid: number): () => number {
  let peak = 0
  const sample = () => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      // A process that has ended, and nobody took note of it yet, has no memory any more.
      const kibibytes = Number(status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1] ?? 0)
      peak = Math.max(peak, (kibibytes * 1024) / 1e6)
    } catch {
      clearInterval(timer)
    }
  }
  const timer = setInterval(sample, SAMPLE_MS)
  sample()
  return () => {
    clearInterval(timer)
    return peak
  }
}
