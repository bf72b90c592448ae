// Ends a child process with all that it has started: a signal by itself reaches one process only.
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Ends the child and its descendants at once, with SIGKILL; their parents, or init, take note of
 * their end. Who they are is in /proc (proc(5)); without it only the child is ended. A descendant
 * whose own parent has ended before belongs to init by now, and is not found.
 *
 * One signal to a process group would do as well, but `detached`, the way to a group of its own,
 * begins a new session too: the command would have no terminal, and `ps` lists those of its own.
 */
export function killTree(child: ChildProcess): void {
  // When Node has taken note of the child's end, its number may be another's.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  for (const pid of stopTree(child.pid)) signalTo(pid, 'SIGKILL')
}

/** Stops a process before it looks for its children, for it could start another meanwhile. */
function stopTree(pid: number): number[] {
  signalTo(pid, 'SIGSTOP')
  return [pid, ...childrenOf(pid).flatMap(stopTree)]
}

/** Children belong to the thread that started them. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const list = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
      return list.split(' ').filter(Boolean).map(Number)
    })
  } catch {
    // There is no /proc, or the process has just ended.
    return []
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has just ended, or belongs to somebody else.
  }
}
