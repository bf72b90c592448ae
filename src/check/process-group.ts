// A process group: what a program and all that it starts belong to, unless they leave it.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const GRACE_MS = 2000
const LOOK_EVERY_MS = 5
/** Every so many looks it counts that a process has ended, though nobody has taken note of it. */
const CLOSE_LOOK = 8
const KB = 1024

/** Groups that this process has started and not yet ended. */
const groups = new Set<number>()

/** Ends the group at the latest when this process ends, however it ends. */
export function watchGroup(group: number): void {
  if (groups.size === 0) process.on('exit', killAll)
  groups.add(group)
}

/** Ends every process of the group: SIGTERM, and SIGKILL after 2 s. Resolves when none is left. */
export async function endGroup(group: number): Promise<void> {
  if (!groups.has(group)) return
  if (signalGroup(group, 'SIGTERM') && !(await isGone(group))) {
    signalGroup(group, 'SIGKILL')
    await isGone(group)
  }
  forgetGroup(group)
}

/** Forgets the group if nothing is left of it: from then on its number may be another's. */
export function noteEnd(group: number): void {
  if (!signalGroup(group, 0)) forgetGroup(group)
}

function forgetGroup(group: number): void {
  groups.delete(group)
  if (groups.size === 0) process.off('exit', killAll)
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

function killAll(): void {
  for (const group of groups) killGroup(group)
}

/** The most memory that the group's processes have had so far, in bytes; 0 without /proc. */
export function peakMemory(group: number): number {
  return membersOf(group)
    .map((pid) => /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
    .reduce<number>((sum, kilobytes) => sum + Number(kilobytes) * KB, 0)
}

/**
 * Whether a thread of the group runs or waits for a processor; undefined without /proc. On a busy
 * machine this tells a loop that never sleeps, which its share of the time would not.
 */
export function isRunnable(group: number): boolean | undefined {
  const threads = membersOf(group).flatMap((pid) =>
    list(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/stat`),
  )
  if (threads.length === 0) return undefined
  return threads.some((path) => statOf(path)[0] === 'R')
}

/** The processes of the group, from /proc (proc(5)). */
function membersOf(group: number): string[] {
  return list('/proc').filter((pid) => {
    return /^\d+$/.test(pid) && Number(statOf(`/proc/${pid}/stat`)[2]) === group
  })
}

/** State, parent, process group and so on; the name before them may contain anything. */
function statOf(path: string): string[] {
  const stat = read(path)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no /proc, or the process has just ended
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
