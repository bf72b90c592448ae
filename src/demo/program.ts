// A program of a play: a child process with a keyboard, an output, and a trace that grows.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trace } from '../trace/format.ts'
import { parseTrace } from '../trace/parse-trace.ts'
import { CONTROL_C, type Goal } from './play.ts'

const EXIT_SIGNAL_BASE = 128
const EXIT_INTERRUPTED = EXIT_SIGNAL_BASE + constants.signals.SIGINT
const EXIT_NOT_STARTED = 127
const SAID_BY_US = 'pynet: '

/** A program of the play could not do its part. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
  readonly code = 'ERR_DEMO'
}

export class Program {
  readonly name: string
  /** As one types it. */
  readonly commandLine: string
  /** Resolves when the program has ended and all of its output and trace is here. */
  readonly ended: Promise<void>
  /** What a shell shows as `$?`; undefined while the program runs. */
  status: number | undefined
  /** Undefined until the program has begun its trace. */
  trace: Trace | undefined
  readonly #child: ChildProcess
  /** Nobody else can read it; it holds the trace file, and goes when the program has ended. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'pynet-demo-'))
  #output = ''
  #complaints = ''
  /** Milliseconds of the trace's own clock. */
  #markedAt = 0

  /** Starts this very program with another command. */
  constructor(name: string, command: string) {
    this.name = name
    this.commandLine = `pynet ${command}`
    const options = [...process.execArgv, '--import', endWithParent(this.#folder)]
    const args = [...command.split(' '), '--trace-file', join(this.#folder, name)]
    this.#child = spawn(process.execPath, [...options, process.argv[1] ?? '', ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    })
    const { stdin, stdout, stderr } = this.#child
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
    })
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text
    })
    // The program may end before it has read what was typed.
    stdin?.on('error', () => {})
    this.ended = once(this.#child, 'close').then(
      (exit) => {
        const [code, signal] = exit as [number | null, NodeJS.Signals]
        this.#end(code ?? EXIT_SIGNAL_BASE + constants.signals[signal])
      },
      (error: Error) => {
        this.#complaints = `${SAID_BY_US}${error.message}`
        this.#end(EXIT_NOT_STARTED)
      },
    )
  }

  /** Begins a new action: what the trace shows up to now counts for no goal. */
  mark(): void {
    this.#markedAt = this.trace?.calls.reduce((last, { at }) => Math.max(last, at), 0) ?? 0
  }

  /** Returns whether the goals have been reached since the mark. */
  hasReached(goals: Goal | readonly Goal[]): boolean {
    const calls = this.trace?.calls.filter(({ at }) => at > this.#markedAt) ?? []
    const reached = calls.map(
      ({ call, waiting }) => `${waiting ? 'waits in' : 'returns from'} ${call}`,
    )
    return [goals].flat().every((goal) => {
      return goal === 'ends' ? this.status !== undefined : reached.includes(goal)
    })
  }

  /** Reads the trace as far as it has grown. Throws DemoError if the program has failed. */
  look(): void {
    if (this.status !== undefined) {
      this.#check()
      return
    }
    const path = join(this.#folder, this.name)
    try {
      const text = readFileSync(path, 'utf8')
      if (text.includes('\n')) this.trace = parseTrace(text, this.name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  /** Returns the lines that the program has printed since the last call. */
  takeLines(): string[] {
    const lines = this.#output.split('\n')
    this.#output = lines.pop() ?? ''
    return lines
  }

  #end(status: number): void {
    this.look()
    this.status = status
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #check(): void {
    if (this.status === 0 || this.status === EXIT_INTERRUPTED) return
    const lines = this.#complaints.split('\n')
    const why = lines.findLast((line) => line.startsWith(SAID_BY_US))?.slice(SAID_BY_US.length)
    const reason = why === undefined ? '' : `: ${why}`
    throw new DemoError(`"${this.commandLine}" ended with exit code ${this.status}${reason}`)
  }

  /** Types a line. Behind a prompt it shows, as in a terminal. */
  type(line: string): void {
    if (line === CONTROL_C) {
      this.#child.kill('SIGINT')
      return
    }
    if (this.#output !== '' && !this.#output.endsWith('\n')) this.#output += `${line}\n`
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Ends the program if it still runs. */
  async close(): Promise<void> {
    if (this.status === undefined) this.#child.kill('SIGKILL')
    await this.ended
  }
}

/**
 * Returns a module for --import. It ends its process, and removes the folder, when the process that
 * started it is gone, however that ended: Node's channel between the two closes then.
 */
function endWithParent(folder: string): string {
  const code = `
    import { rmSync } from 'node:fs'
    const end = () => {
      rmSync(${JSON.stringify(folder)}, { recursive: true, force: true })
      process.kill(process.pid, 'SIGKILL')
    }
    if (process.connected) process.on('disconnect', end)
    else end()
    process.channel?.unref()`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
