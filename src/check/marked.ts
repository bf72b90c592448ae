// What a program has started, also what has left its group: a mark in the environment tells.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { allProcesses, read } from './proc.ts'

const VARIABLE = 'PYNET_CHECK'
const GRACE_MS = 2000
/** A look reads the environment of every process of this machine. */
const LOOK_EVERY_MS = 50

/**
 * Adds a mark that is nobody else's. Whatever a program starts inherits it, and keeps it through
 * setsid(2) and a double fork. A check within a check adds its own behind the first one's.
 */
export function addMark(env: NodeJS.ProcessEnv): { mark: string; env: NodeJS.ProcessEnv } {
  const mark = randomUUID()
  return { mark, env: { ...env, [VARIABLE]: `${env[VARIABLE] ?? ''} ${mark}`.trim() } }
}

/** Ends every process with the mark, as a group is ended. Resolves when none is left. */
export async function endMarked(mark: string): Promise<void> {
  const processes = processesWith(mark)
  for (const pid of processes) signalProcess(pid, 'SIGTERM')
  if (processes.length === 0 || (await isGone(mark))) return
  killMarked(mark)
  await isGone(mark)
}

/** Kills every process with the mark: looks until there is no new one, for one may have forked. */
export function killMarked(mark: string): void {
  const killed = new Set<number>()
  for (;;) {
    const processes = processesWith(mark).filter((pid) => !killed.has(pid))
    if (processes.length === 0) return
    for (const pid of processes) {
      signalProcess(pid, 'SIGKILL')
      killed.add(pid)
    }
  }
}

/** Resolves with whether none is left, as soon as it is so, or after the grace time. */
async function isGone(mark: string): Promise<boolean> {
  const deadline = performance.now() + GRACE_MS
  while (processesWith(mark).length > 0) {
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

/** None where there is no /proc. Of a process that has ended the environment is empty. */
function processesWith(mark: string): number[] {
  const marked = allProcesses().filter((pid) => read(`/proc/${pid}/environ`).includes(mark))
  return marked.map(Number)
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has just ended, or is another user's by now.
  }
}
