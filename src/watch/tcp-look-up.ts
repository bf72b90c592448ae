// Looks up addresses in the system's table of TCP sockets, as the program's processes see it.
import { readFileSync } from 'node:fs'
import type { Ends } from './addresses.ts'
import { findInTable } from './tcp-table.ts'

/** `processes`: any of the program's; one may live in a network namespace of its own. */
export function lookUpTcp(
  processes: Iterable<number>,
  inodes: ReadonlySet<string>,
): Map<string, Ends> {
  const found = new Map<string, Ends>()
  for (const pid of processes) {
    for (const table of ['tcp', 'tcp6']) {
      for (const [inode, ends] of findInTable(textOf(`/proc/${pid}/net/${table}`), inodes)) {
        found.set(inode, ends)
      }
    }
    if (found.size === inodes.size) break
  }
  return found
}

/** A process that has ended has no table, and a system without IPv6 has no tcp6. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
