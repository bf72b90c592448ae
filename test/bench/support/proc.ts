// What Linux says about a running process, see proc(5).
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux counts processor time in hundredths of a second here, whatever its own clock (USER_HZ). */
const TICKS_PER_SECOND = 100
const SAMPLE_MS = 5
const SETTLING_MS = 50
const SETTLED_SAMPLES = 5

/** Returns fields of /proc/<pid>/stat as seconds; they are counted as proc(5) counts them. */
function secondsOf(pid: number | 'self', first: number, last: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name, field 2, stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(first - 3, last - 2).map(Number)
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Returns the processor time so far of all threads, and of children that have ended. */
export const processorSeconds = (pid: number) => secondsOf(pid, 14, 17)

/** Returns the processor time of this process's children that have ended. */
export const childrenSeconds = () => secondsOf('self', 16, 17)

/** Returns the resident memory in bytes: now (VmRSS), or its peak (VmHWM). */
export function memoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'))?.[1] ?? 0) * 1024
}

/** Waits until a process does nothing any more. */
export async function settled(pid: number): Promise<void> {
  let last = -1
  for (let same = 0; same < SETTLED_SAMPLES; ) {
    await sleep(SETTLING_MS)
    const now = processorSeconds(pid)
    same = now === last ? same + 1 : 0
    last = now
  }
}

/** What a process has come to, from now until it ends or `stop` is called. */
export interface Followed {
  readonly seconds: number
  readonly peakMegabytes: number
  stop(): void
}

/** Follows a process to its end, after which Linux says nothing of it any more. */
export function follow(pid: number): Followed {
  const before = processorSeconds(pid)
  const followed = { seconds: 0, peakMegabytes: 0, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    try {
      followed.seconds = processorSeconds(pid) - before
      const peak = memoryBytes(pid, 'VmHWM') / 1e6
      followed.peakMegabytes = Math.max(followed.peakMegabytes, peak)
    } catch {
      clearInterval(timer)
    }
  }, SAMPLE_MS)
  return followed
}
