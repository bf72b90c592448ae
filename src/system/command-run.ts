// One run of a command: its process, how long that may take, and how it ended.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Audience } from './audience.ts'
import { CommandOutput } from './command-output.ts'
import { killTree } from './process-tree.ts'

/** Nothing of the server's environment reaches the command; its output does not depend on it. */
export const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }

const CANNOT_RUN = 'cannot be run now'

export interface CommandOptions {
  /** How long the command, and a client for a piece of its output, may take, in milliseconds. */
  timeout: number
  /** Leave out the last line of the output. */
  omitLastLine: boolean
  /** Its abort ends a run at once, also one for clients who still wait. */
  signal: AbortSignal
}

/**
 * Runs a command once, without a shell and without arguments, and sends its output and how it
 * ended, if it did not end well.
 */
export async function runCommand(
  name: string,
  { timeout, omitLastLine, signal }: CommandOptions,
  audience: Audience,
): Promise<void> {
  const output = new CommandOutput(omitLastLine)
  // A client that has ended its data still waits after an interruption: nothing is begun for it.
  const child = signal.aborted ? undefined : startProcess(name)
  if (child === undefined) return audience.finish(output.rest(CANNOT_RUN, name))
  const ended = endOf(child)
  let isOutOfTime = false
  // A process that the command left behind may hold the pipe: it must not hold us as well.
  const kill = () => {
    killTree(child)
    child.stdout?.destroy()
  }
  const killLate = () => {
    isOutOfTime = true
    kill()
  }
  audience.whenEmpty(kill)
  signal.addEventListener('abort', kill, { once: true })
  let outOfTime = setTimeout(killLate, timeout)
  try {
    // The child's `exit` can come before its last output: read to the end, then wait for `close`.
    for await (const chunk of child.stdout ?? []) {
      const piece = output.add(chunk as Buffer)
      if (piece === undefined) continue
      // Time that the clients take is not the command's.
      clearTimeout(outOfTime)
      await audience.send(piece)
      outOfTime = setTimeout(killLate, timeout)
    }
  } catch {
    // The pipe was destroyed with the command; how that ended says why.
  }
  const end = await ended
  clearTimeout(outOfTime)
  signal.removeEventListener('abort', kill)
  const late = `was ended, for it took longer than ${timeout / 1000} s`
  audience.finish(output.rest(isOutOfTime ? late : end, name))
}

/** Undefined where the system refuses: Node emits some of its errors, and throws the others. */
function startProcess(name: string): ChildProcess | undefined {
  try {
    return spawn(name, [], { env: ENVIRONMENT, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

/** How a child process ended, in words; undefined where it ended well. Never rejects. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'not found on this server' : CANNOT_RUN),
    )
    child.once('close', (code, killedBy) =>
      resolve(code === 0 ? undefined : `ended with ${killedBy ?? `exit code ${code}`}`),
    )
  })
}
