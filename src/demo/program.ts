// A program of a play: a child process with a keyboard, an output, and a trace that grows.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trace } from '../trace/format.ts'
import { parseTrace } from '../trace/parse-trace.ts'
import { CONTROL_C, type Goal } from './play.ts'

const EXIT_SIGNAL_BASE = 128
const EXIT_INTERRUPTED = EXIT_SIGNAL_BASE + constants.signals.SIGINT
const EXIT_NOT_STARTED = 127
/** What follows the colon is why. */
const COMPLAINT = /(?<=^(?:pynet|Error)): .*$/gm

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
  /** The program makes it, and nobody else can read it; it holds the trace. */
  readonly #folder = join(tmpdir(), `pynet-demo-${randomUUID()}`)
  #output = ''
  #complaints = ''
  /** Milliseconds of the trace's own clock. */
  #markedAt = 0

  /** Starts this very program with another command. */
  constructor(name: string, command: string) {
    this.name = name
    this.commandLine = `pynet ${command}`
    const options = [...process.execArgv, '--import', preloaded(this.#folder)]
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
        this.#complaints = `Error: ${error.message}`
        this.#end(EXIT_NOT_STARTED)
      },
    )
  }

  /** What the trace shows up to now counts for no goal of the next action. */
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
      if (this.status === 0 || this.status === EXIT_INTERRUPTED) return
      const reason = this.#complaints.match(COMPLAINT)?.at(-1) ?? ''
      throw new DemoError(`"${this.commandLine}" ended with exit code ${this.status}${reason}`)
    }
    const path = join(this.#folder, this.name)
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    if (text.includes('\n')) this.trace = parseTrace(text, this.name)
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
    // There is none if it could not be made.
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true })
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
 * Returns a module for --import, which makes the folder. When the process that started this one is
 * gone, by whatever death, Node's channel between the two closes: then it removes the folder and
 * ends its process.
 */
function preloaded(folder: string): string {
  const code = `
    import { mkdirSync, rmSync } from 'node:fs'
    mkdirSync(${JSON.stringify(folder)}, { mode: 0o700 })
    const end = () => {
      rmSync(${JSON.stringify(folder)}, { recursive: true, force: true })
      process.kill(process.pid, 'SIGKILL')
    }
    if (process.connected) process.on('disconnect', end)
    else end()
    process.channel?.unref()`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
