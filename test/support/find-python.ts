// Looks for Python, for the peers that are written in it.
import { spawnSync } from 'node:child_process'

/** Returns Python's own path, so that no script of a version manager runs before each peer; '' for none. */
export function findPython(): string {
  const program = 'import sys; print(sys.executable if sys.version_info >= (3, 6) else "")'
  const found = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
  return found.status === 0 ? found.stdout.trim() : ''
}
