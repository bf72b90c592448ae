// A program of the play: a child process with its keyboard, its output, and its trace as it grows.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { isGivenUp, type TraceCall } from '../trace/trace-format.ts'
import { TraceTail } from './trace-tail.ts'

const EXIT_SIGNAL_BASE = 128
/** As a shell tells it. */
const EXIT_NOT_STARTED = 127

/** A program of the play could not do its part. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
  readonly code = 'ERR_DEMO'
}

export class Actor {
  readonly name: string
  /** As one types it. */
  readonly commandLine: string
  /** All calls that have returned so far, but for those that the program itself gave up. */
  readonly calls: TraceCall[] = []
  readonly #child: ChildProcess
  readonly #tail: TraceTail
  readonly #closed: Promise<void>
  #output = ''
  #complaints = ''
  #failure: Error | undefined
  #isInterrupted = false
  /** What a shell shows as `$?`, once it has ended and all its output is here. */
  #status: number | undefined

  /** Starts this very program with another command, which writes its trace to a file. */
  constructor(name: string, command: readonly string[], traceFile: string) {
    this.name = name
    this.commandLine = `pynet ${command.join(' ')}`
    this.#tail = new TraceTail(traceFile)
    const program = process.argv[1] ?? ''
    const args = [...process.execArgv, program, ...command, '--trace-file', traceFile]
    const { FORCE_COLOR, ...env } = process.env
    this.#child = spawn(process.execPath, args, { stdio: 'pipe', env })
    const decoder = new StringDecoder('utf8')
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += decoder.write(chunk)
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints += chunk.toString()
    })
    // It may end before it has read what was typed.
    this.#child.stdin?.on('error', () => {})
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        // One that never started has no end to wait for.
        if (this.#child.pid !== undefined) return
        this.#failure = error
        this.#status = EXIT_NOT_STARTED
        resolve()
      })
      this.#child.on('close', (code, signal) => {
        this.#status = code ?? EXIT_SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal])
        resolve()
      })
    })
  }

  /** All of its standard output so far, with the typed lines as a terminal would echo them. */
  get output(): string {
    return this.#output
  }

  get status(): number | undefined {
    return this.#status
  }

  /** When it started, in milliseconds since 1970; undefined until its trace has begun. */
  get startedAt(): number | undefined {
    const { header } = this.#tail
    return header === undefined ? undefined : Date.parse(header.startedAt)
  }

  /** Reads what was added to its trace. */
  follow(): void {
    this.calls.push(...this.#tail.read().filter((call) => !isGivenUp(call.error)))
  }

  /** Throws DemoError where it has failed. */
  check(): void {
    if (this.#failure !== undefined) {
      throw new DemoError(`cannot start "${this.commandLine}": ${this.#failure.message}`)
    }
    if (this.#status === undefined || this.#status === 0 || this.#isInterrupted) return
    const lines = this.#complaints.trim().split('\n')
    const complaint = lines.at(-1)?.replace(/^pynet: /, '')
    const why = complaint ? `: ${complaint}` : ''
    throw new DemoError(`"${this.commandLine}" ended with exit code ${this.#status}${why}`)
  }

  /** Types at its keyboard. Enter alone, at no prompt, leaves no line. */
  type(keys: string): void {
    const isAtPrompt = this.#output !== '' && !this.#output.endsWith('\n')
    if (keys !== '\n' || isAtPrompt) this.#output += keys
    this.#child.stdin?.write(keys)
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#child.kill('SIGINT')
  }

  /** Ends it at once. */
  kill(): void {
    if (this.#status === undefined) this.#child.kill('SIGKILL')
  }

  /** When it has ended, and both its outputs too. */
  get closed(): Promise<void> {
    return this.#closed
  }
}
