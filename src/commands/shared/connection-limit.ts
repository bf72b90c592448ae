// How many connections a server can have at a time; see getrlimit(2), RLIMIT_NOFILE.
import { readdirSync, readFileSync } from 'node:fs'

/** For the commands that a server runs, and what else opens a file while all clients are there. */
const RESERVED_DESCRIPTORS = 16

export interface ConnectionNeeds {
  readonly maxConnections: number
  /** How many clients the server waits for before it serves any; 1 by default. */
  readonly neededClients?: number
  /** How many files a client needs; 1 by default, its connection. */
  readonly filesPerClient?: number
}

export interface ConnectionLimit {
  readonly maxConnections: number
  /** Why one more is refused, for a line on stderr. */
  readonly reason: string
}

/**
 * Returns the number of connections asked for, or fewer where the process may not open so many
 * files: a connection without a descriptor would be dropped, and Node would not say so.
 *
 * @throws an error with the code EMFILE where there can't be as many as are needed.
 */
export function connectionLimit({
  maxConnections: asked,
  neededClients = 1,
  filesPerClient = 1,
}: ConnectionNeeds): ConnectionLimit {
  const { files, open } = openFiles()
  const left = Math.floor((files - RESERVED_DESCRIPTORS - open) / filesPerClient)
  if (left >= asked) {
    return { maxConnections: asked, reason: `${asked} are open (--max-connections)` }
  }
  const maxConnections = Math.max(1, left)
  const why = `this process may open ${files} files (ulimit -n)`
  if (maxConnections >= neededClients) {
    return { maxConnections, reason: `${maxConnections} are open, and ${why}` }
  }
  const message = `cannot wait for ${neededClients} clients: ${why}, enough for ${maxConnections}`
  throw Object.assign(new Error(message), { code: 'EMFILE' })
}

/** `ulimit -n`, and how many are open; Infinity where the system has no limit or no /proc to ask. */
function openFiles(): { files: number; open: number } {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity)
    return { files, open: readdirSync('/proc/self/fd').length }
  } catch {
    return { files: Infinity, open: 0 }
  }
}
