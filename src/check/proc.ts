// What Linux tells of processes in /proc (proc(5)); nothing where there is no /proc.
import { readdirSync, readFileSync } from 'node:fs'

/** The numbers of all processes. */
export function allProcesses(): string[] {
  return list('/proc').filter((name) => /^\d+$/.test(name))
}

/** State, parent, process group and so on; the name before them may contain anything. */
export function statOf(path: string): string[] {
  const stat = read(path)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

export function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no /proc, or the process has just ended
  }
}

export function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
