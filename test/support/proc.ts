// What Linux tells about a running process, see proc(5): memory, open files, children.
import { readdirSync, readFileSync } from 'node:fs'

/** The value of one line of /proc/PID/status, in kibibytes; undefined when there is none. */
function statusKibibytes(pid: number, name: string): number | undefined {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const value = status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1]
  return value === undefined ? undefined : Number(value)
}

/** The most memory that the process ever had resident so far, in megabytes. */
export function peakMegabytes(pid: number): number {
  const kibibytes = statusKibibytes(pid, 'VmHWM')
  if (kibibytes === undefined) throw new Error(`process ${pid} has ended`)
  return (kibibytes * 1024) / 1e6
}

/** How many files, sockets and pipes the process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** The children of the process, those that have ended and are not yet taken note of as well. */
export function childrenOf(pid: number): number[] {
  const children: number[] = []
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const list = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
    children.push(...list.split(' ').filter(Boolean).map(Number))
  }
  return children
}

/** The name of the program that a process runs; undefined when it has ended. */
export function programOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim()
  } catch {
    return undefined
  }
}

/** The letter for what a process does: S sleeps, T is stopped, Z has ended; undefined when gone. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in brackets, may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

/** Whether the process still runs. One that has ended and is not reaped yet (state Z) does not. */
export function isRunning(pid: number): boolean {
  return ![undefined, 'Z'].includes(stateOf(pid))
}

/** Processor time so far, in the ticks of the kernel: it stands still when a process only waits. */
export function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime are fields 14 and 15, and the first that is left here is the third.
  return Number(fields[11]) + Number(fields[12])
}
