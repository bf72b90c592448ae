// How many connections the operating system lets this process have, see getrlimit(2), RLIMIT_NOFILE.
import { readdirSync, readFileSync } from 'node:fs'

/** For the commands that a server runs, and whatever else opens a file while all clients are there. */
const RESERVED_DESCRIPTORS = 16

export interface DescriptorLimit {
  /** The most files that the process may have open, `ulimit -n`. */
  readonly limit: number
  /** So many connections fit beside what is open now. */
  readonly connections: number
}

/** Undefined where the system does not tell (it has no /proc) or there is no limit. */
export function descriptorLimit(): DescriptorLimit | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1])
    const open = readdirSync('/proc/self/fd').length
    if (Number.isNaN(limit)) return undefined
    return { limit, connections: Math.max(1, limit - open - RESERVED_DESCRIPTORS) }
  } catch {
    return undefined
  }
}
