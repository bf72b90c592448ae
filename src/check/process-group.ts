// A process group: what a program and all that it starts belong to, unless they leave it.
import { setTimeout as delay } from 'node:timers/promises'
import { allProcesses, list, read, statOf } from './proc.ts'

const GRACE_MS = 2000
const LOOK_EVERY_MS = 5
/** Every so many looks it counts that a process has ended, though nobody has taken note of it. */
const CLOSE_LOOK = 8
const KB = 1024

/** Groups that this process has started and not yet ended. */
const groups = new Set<number>()

/** From here on the number is that of a group of ours. */
export function addGroup(group: number): void {
  groups.add(group)
}

/** Ends every process of the group: SIGTERM, and SIGKILL after 2 s. Resolves when none is left. */
export async function endGroup(group: number): Promise<void> {
  if (!groups.has(group)) return
  if (signalGroup(group, 'SIGTERM') && !(await isGone(group))) {
    signalGroup(group, 'SIGKILL')
    await isGone(group)
  }
  groups.delete(group)
}

/** Forgets the group if nothing is left of it: from then on its number may be another's. */
export function noteEnd(group: number): void {
  if (!signalGroup(group, 0)) groups.delete(group)
}

/** Returns whether any process of the group took the signal; 0 only asks (kill(2)). */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch {
    return false
  }
}

/** Resolves with whether the group is empty, as soon as it is, or after the grace time. */
async function isGone(group: number): Promise<boolean> {
  const deadline = performance.now() + GRACE_MS
  for (let looks = 1; signalGroup(group, 0); looks++) {
    if (looks % CLOSE_LOOK === 0 && !isRunning(group)) break
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

/** Whether more is left than what has ended, and waits for init to take note of it. */
function isRunning(group: number): boolean {
  const members = membersOf(group)
  return members.length === 0 || members.some((pid) => statOf(`/proc/${pid}/stat`)[0] !== 'Z')
}

/** Ends every process of the group at once, with SIGKILL. */
export function killGroup(group: number): void {
  if (groups.has(group)) signalGroup(group, 'SIGKILL')
}

/** The most memory that the group's processes have had so far, in bytes; 0 without /proc. */
export function peakMemory(group: number): number {
  return membersOf(group)
    .map((pid) => /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
    .reduce<number>((sum, kilobytes) => sum + Number(kilobytes) * KB, 0)
}

/**
 * Returns whether a thread of these processes runs or waits for a processor. On a busy machine this
 * tells a loop that never sleeps, which its share of the time would not.
 */
export function isRunnable(processes: readonly string[]): boolean {
  return processes.some((pid) =>
    list(`/proc/${pid}/task`).some(
      (thread) => statOf(`/proc/${pid}/task/${thread}/stat`)[0] === 'R',
    ),
  )
}

/** The processes of the group; none without /proc. */
export function membersOf(group: number): string[] {
  return allProcesses().filter((pid) => Number(statOf(`/proc/${pid}/stat`)[2]) === group)
}
