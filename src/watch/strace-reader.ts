// Reads strace's output as it comes, and tells of the program's calls.
import type { TraceCall } from '../trace/format.ts'
import { CallReader, type Ending } from './call-reader.ts'
import { Folding } from './folding.ts'
import type { LookUp } from './held-calls.ts'
import { Program } from './program.ts'
import { Records } from './records.ts'
import { parseLine } from './strace-line.ts'
import { StraceText } from './strace-text.ts'

export interface StraceListener {
  /** The program runs, in this process and since this moment (microseconds since 1970). */
  onStarted(pid: number, startedUs: number): void
  onRecord(record: TraceCall): void
  /** The program has stopped by this signal, as by Ctrl-Z. */
  onStopped(signal: NodeJS.Signals): void
  onContinued(): void
  lookUp: LookUp
}

export class StraceReader {
  readonly #listener: StraceListener
  readonly #text = new StraceText()
  readonly #folding: Folding
  readonly #records: Records
  readonly #program: Program
  readonly #calls: CallReader
  #hasStarted = false
  /** The half line of the last look. */
  #half = ''

  constructor(listener: StraceListener) {
    this.#listener = listener
    this.#folding = new Folding((record) => listener.onRecord(record))
    this.#records = new Records((record) => this.#folding.add(record))
    this.#program = new Program(this.#records)
    this.#calls = new CallReader(this.#program, listener)
  }

  /** How the program ended; undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#calls.ending
  }

  /** Why the system did not start the program, if so. */
  get startError(): string | undefined {
    return this.#program.startError
  }

  /** The processes and threads that have not ended. */
  get processes(): readonly number[] {
    return [...this.#program.threads.keys()]
  }

  /** Takes a chunk of strace's output, of any size. */
  push(chunk: string): void {
    for (const text of this.#text.push(chunk)) {
      const line = parseLine(text)
      if (line === undefined) continue
      this.#calls.read(line)
      if (!this.#hasStarted && this.#records.pid !== 0) {
        this.#hasStarted = true
        this.#listener.onStarted(this.#records.pid, this.#records.startedUs)
      }
    }
  }

  /** To be called now and then: tells of calls that wait, and of what was kept back. */
  look(nowUs: number): void {
    const { half } = this.#text
    // One that has just come may go on at once.
    const line = half !== '' && half === this.#half ? parseLine(half) : undefined
    this.#half = half
    if (line !== undefined) this.#calls.readHalf(line)
    this.#records.look(this.#listener.lookUp)
    this.#calls.tellWaiting(nowUs)
    this.#folding.look()
  }

  /** strace has ended, and with it the last process. */
  end(): void {
    this.#records.end(this.#listener.lookUp)
    this.#folding.end()
  }
}
