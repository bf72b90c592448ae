// Writes a trace file: a header, then a line of JSON for each call as it returns.
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Call } from '../calls.ts'
import { codeOf, reasonOf } from '../socket/errors.ts'
import { ABORTED, TRACE_FORMAT, TRACE_VERSION, type TraceCall, type TraceHeader } from './format.ts'
import type { Sink } from './observer.ts'

/** The file can't be opened or written. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError'
  readonly code: string

  constructor(path: string, cause: unknown) {
    super(`cannot write the trace ${path || '""'}: ${reasonOf(cause)}`, { cause })
    this.code = codeOf(cause, 'EIO')
  }
}

/**
 * Each line is with the operating system before the program goes on, so that a program that is
 * killed loses none. When the disk is full, `onFailure` is told once and nothing more is written.
 */
export class TraceFile implements Sink {
  readonly #path: string
  readonly #onFailure: (error: TraceFileError) => void
  readonly #file: number
  #hasFailed = false

  /** Creates the file, or empties it. Throws TraceFileError. */
  constructor(path: string, program: string, onFailure: (error: TraceFileError) => void) {
    this.#path = path
    this.#onFailure = onFailure
    try {
      this.#file = openSync(path, 'w')
    } catch (error) {
      throw new TraceFileError(path, error)
    }
    const header: TraceHeader = {
      format: TRACE_FORMAT,
      version: TRACE_VERSION,
      source: 'pynet',
      program,
      pid: process.pid,
      startedAt: new Date(performance.timeOrigin).toISOString(),
    }
    this.#write(header)
  }

  returns(call: Call, times: number): void {
    this.#write(traceCall(call, times))
  }

  end(): void {
    try {
      closeSync(this.#file)
    } catch (error) {
      this.#fail(error)
    }
  }

  #write(line: TraceHeader | TraceCall): void {
    if (this.#hasFailed) return
    try {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(cause: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#onFailure(new TraceFileError(this.#path, cause))
  }
}

/** A call in the form of the file; JSON leaves out what is undefined. */
export function traceCall(call: Call, times: number): TraceCall {
  const { call: name, socket, local, remote, bytes, offset } = call
  const { startedAt, returnedAt = startedAt, wouldBlock, error } = call
  const head = call.head?.toString('hex') || undefined
  return {
    call: name,
    at: rounded(returnedAt),
    blocked: rounded(returnedAt - startedAt),
    ...(socket !== undefined && { socket }),
    ...(local !== undefined && { local }),
    ...(remote !== undefined && { remote }),
    ...(bytes !== undefined && { bytes }),
    ...(offset !== undefined && { offset }),
    ...(head !== undefined && { head }),
    ...(wouldBlock && { wouldBlock: times }),
    ...(error !== undefined && { error: codeOf(error, ABORTED) }),
  }
}

/** Milliseconds to the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
