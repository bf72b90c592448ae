// A program of the play: a child process with its keyboard, its output, and its trace as it grows.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { StringDecoder } from 'node:string_decoder'
import { isGivenUp, type TraceCall } from '../trace/format.ts'
import { TraceTail } from './trace-tail.ts'

const EXIT_SIGNAL_BASE = 128
/** As a shell tells it. */
const EXIT_NOT_STARTED = 127

const COMPLAINT = 'pynet: '
const SUMMARY = 'summary of '

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
  /** By the call: when it was last known to wait, and when it last returned (milliseconds). */
  readonly #blockedAt = new Map<string, number>()
  readonly #returnedAt = new Map<string, number>()
  #output = ''
  /** On stderr: its trace, line by line, what it has to say, and at last its summary. */
  #remarks: string[] = []
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
    const traces = ['--trace', '--trace-file', traceFile, '--summary']
    const args = [...process.execArgv, program, ...command, ...traces]
    const { FORCE_COLOR, ...env } = process.env
    this.#child = spawn(process.execPath, args, { stdio: 'pipe', env })
    const decoder = new StringDecoder('utf8')
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += decoder.write(chunk)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
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

  /** The program's own summary, once it has ended; none where it was killed. */
  get summary(): readonly string[] {
    const start = this.#remarks.findIndex((line) => line.startsWith(SUMMARY))
    return start < 0 ? [] : this.#remarks.slice(start + 1).filter((line) => line.startsWith('  '))
  }

  /** Whether it waits in this call: for a second or so, for then its trace tells. */
  isBlockedIn(call: TraceCall['call']): boolean {
    const blockedAt = this.#blockedAt.get(call)
    return blockedAt !== undefined && blockedAt > (this.#returnedAt.get(call) ?? -1)
  }

  /** Reads what was added to its trace. */
  follow(): void {
    const calls = this.#tail.read()
    for (const { call, at } of calls) this.#returnedAt.set(call, at)
    this.calls.push(...calls.filter(({ error }) => !isGivenUp(error)))
  }

  /** Throws DemoError where it has failed. */
  check(): void {
    if (this.#failure !== undefined) {
      throw new DemoError(`cannot start "${this.commandLine}": ${this.#failure.message}`)
    }
    if (this.#status === undefined || this.#status === 0 || this.#isInterrupted) return
    const complaint = this.#remarks.findLast((line) => line.startsWith(COMPLAINT))
    const why = complaint ? `: ${complaint.slice(COMPLAINT.length)}` : ''
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

  #hear(text: string): void {
    const lines = ((this.#remarks.pop() ?? '') + text).split('\n')
    this.#remarks.push(...lines)
  }

  /** When it has ended, and both its outputs too. */
  get closed(): Promise<void> {
    return this.#closed
  }
}
