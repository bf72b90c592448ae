// Whether we were started with nohup: then the program, too, must outlive its terminal.
import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

const ACCESS_MODE = 0o3
const WRITE_ONLY = 0o1

/**
 * Node.js gives every signal its default action when it starts, so that nothing is left of what
 * nohup did but this: the name that the shell keeps of the command, and, where standard input was a
 * terminal, a /dev/null that can only be written.
 */
export function wasStartedByNohup(): boolean {
  return basename(process.env._ ?? '') === 'nohup' || hasUselessInput()
}

function hasUselessInput(): boolean {
  try {
    if (readlinkSync('/proc/self/fd/0') !== '/dev/null') return false
    const [, flags = ''] =
      /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY
  } catch {
    return false
  }
}
