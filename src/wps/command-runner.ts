// Runs the commands of wps-server: without a shell, one run of each at a time.
import { type ExecFileException, execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LineSplitter } from '../socket/index.ts'

/** Nothing of the server's environment reaches the command; its output does not depend on it. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }
const MAX_OUTPUT_BYTES = 64 * 2 ** 20
const NEWLINE = 0x0a

export interface RunOptions {
  /** How long the command may take, in milliseconds. */
  readonly timeoutMs: number
  /** Leave out the last line of the output, as svr.py does; a line of our own stays. */
  readonly omitLastLine?: boolean | undefined
  /** Ends a run at once. */
  readonly signal: AbortSignal
}

/** Returns a function that runs the command as `runCommand` does, at most once at a time. */
export function commandRunner(name: string, options: RunOptions): () => Promise<Buffer[]> {
  return sharedRun(() => runCommand(name, options))
}

/**
 * Returns a function that runs `run` at most once at a time. All who call it during a run share the
 * next one, so no answer is older than its request, and a crowd costs two runs.
 */
export function sharedRun<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    next ??= running.then(() => {
      next = undefined
      const now = run()
      running = now.catch(() => {})
      return now
    })
    return next
  }
}

/**
 * Runs a command without a shell and without arguments. Resolves with the lines of its output; where
 * it did not end well, one more line says why. Rejects only with an error of this program, or with
 * `signal.reason` where that was aborted before.
 */
async function runCommand(
  name: string,
  { timeoutMs, omitLastLine = false, signal }: RunOptions,
): Promise<Buffer[]> {
  // A run that waited for another one to end must not begin while the server ends.
  signal.throwIfAborted()
  let isLate = false
  let timer: NodeJS.Timeout | undefined
  let kill = () => {}
  try {
    const running = promisify(execFile)(name, [], {
      env: ENVIRONMENT,
      cwd: '/',
      encoding: 'buffer',
      maxBuffer: MAX_OUTPUT_BYTES,
    })
    const { child } = running
    child.stdin?.end()
    kill = () => {
      // A process that the command has left behind may hold the pipes: it must not hold us as well.
      child.stdout?.destroy()
      child.stderr?.destroy()
      child.kill('SIGKILL')
    }
    // If this process was stopped for a while, all of the output may be here: look once more.
    const giveUp = () => {
      if (child.stdout?.readableEnded) return
      isLate = true
      kill()
    }
    timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
    signal.addEventListener('abort', kill, { once: true })
    return linesOf((await running).stdout, omitLastLine)
  } catch (error) {
    const { stdout = Buffer.alloc(0) } = error as { stdout?: Buffer }
    const problem = isLate ? `took longer than ${timeoutMs / 1000} s` : problemOf(error)
    const lines = linesOf(stdout, omitLastLine)
    const isOpen = lines.length > 0 && lines.at(-1)?.at(-1) !== NEWLINE
    return [...lines, Buffer.from(`${isOpen ? '\n' : ''}pynet: ${name}: ${problem}\n`)]
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
  }
}

/** How a command ended that did not end well. */
function problemOf(error: unknown): string {
  const { code, signal, syscall } = error as ExecFileException & { syscall?: string }
  if (code === 'ENOENT') return 'not found on this server'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'its output is too long, and is cut here'
  if (typeof code === 'number') return `ended with exit code ${code}`
  if (signal) return `ended with ${signal}`
  if (syscall === undefined) throw error
  return 'cannot be run now'
}

/** The lines of the output, each with its newline; the last one may have none. */
function linesOf(output: Buffer, omitLastLine: boolean): Buffer[] {
  const splitter = new LineSplitter({ encoding: 'buffer' })
  const lines = splitter.push(output).concat(splitter.end())
  return omitLastLine ? lines.slice(0, -1) : lines
}
