// Writes a trace file: a header, then a line of JSON for each record.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { codeOf, reasonOf } from '../socket/index.ts'
import {
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceCall,
  type TraceHeader,
  type TraceSink,
  type TraceSource,
} from './format.ts'
import { livingWriterOf } from './living-writer.ts'

/** Who writes the trace, and of which program; by default of this process. */
export interface TraceAbout {
  readonly source: TraceSource
  readonly program: string
  readonly pid?: number
  /** Milliseconds since 1970. */
  readonly startedAt?: number
}

/** The file can't be opened or written. `ERR_TRACE_IN_USE`: another program is writing it. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError'
  readonly code: string

  constructor(path: string, code: string, reason: string, options?: ErrorOptions) {
    super(`cannot write the trace ${path || '""'}: ${reason}`, options)
    this.code = code
  }
}

/** Opening and writing wait for no reader of a pipe or terminal, and a terminal stays the shell's. */
const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
const OPEN_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY

const STDIN = 0
const OUTPUTS = [1, 2]

/** A pipe's reader may lag behind by so much, and takes the rest at the end within this time. */
const MAX_UNWRITTEN_BYTES = 4_194_304
const RETRY_MS = 10
const LAST_RETRIES = 30

/**
 * In a regular file each line is with the operating system before the program goes on, so that a
 * killed program loses none. A pipe or a terminal never holds the program up. A trace that can't be
 * written ends: `onFailure` is told once.
 */
export class TraceFile implements TraceSink {
  readonly #path: string
  readonly #about: TraceAbout | (() => TraceAbout)
  readonly #onFailure: (error: TraceFileError) => void
  readonly #file: number
  /** What an old file is not given up for: calls that reached nobody. */
  #held: TraceCall[] | undefined
  #hasBegun = false
  #hasFailed = false
  /** Lines that a pipe's reader has not taken yet. */
  #unwritten: Buffer[] = []
  #unwrittenBytes = 0
  #timer: NodeJS.Timeout | undefined

  /**
   * Opens the file. A new or empty one begins at once; an old one is replaced at the first call that
   * succeeds, so that a client that never connected leaves it as it was. `about` may be a function
   * where it is not known yet: the trace then begins at the first record. Throws TraceFileError.
   */
  constructor(
    path: string,
    about: TraceAbout | (() => TraceAbout),
    onFailure: (error: TraceFileError) => void,
  ) {
    this.#path = path
    this.#about = about
    this.#onFailure = onFailure
    this.#rejectWriter()
    try {
      this.#file = openSync(path, OPEN_FLAGS)
    } catch (error) {
      // A pipe opens for writing when somebody reads it (fifo(7)).
      const isUnread = codeOf(error) === 'ENXIO' && statSync(path).isFIFO()
      throw isUnread
        ? new TraceFileError(path, 'ENXIO', 'no program reads this pipe', { cause: error })
        : this.#error(error)
    }
    const stats = fstatSync(this.#file)
    if (stats.isFile() && isOwn(stats, [STDIN])) {
      closeSync(this.#file)
      const advice = 'the program reads it as its standard input; name another file'
      throw new TraceFileError(path, 'ERR_TRACE_IS_INPUT', advice)
    }
    if (stats.isFile() && stats.size > 0 && !isOwn(stats, OUTPUTS)) this.#held = []
    else if (typeof about !== 'function') this.#begin()
  }

  write(record: TraceCall): void {
    if (this.#held === undefined) {
      this.#append(record)
      return
    }
    this.#held.push(record)
    if (!reachesNobody(record)) this.#replaceOld(this.#held)
  }

  end(): void {
    if (this.#held === undefined) this.#begin()
    clearTimeout(this.#timer)
    for (let retries = 0; this.#unwrittenBytes > 0 && retries < LAST_RETRIES; retries++) {
      sleep(RETRY_MS)
      this.#flush()
    }
    clearTimeout(this.#timer)
    if (this.#unwrittenBytes > 0) this.#fail(new Error('its reader does not take all of it'))
    try {
      closeSync(this.#file)
    } catch (error) {
      this.#fail(error)
    }
  }

  #replaceOld(held: readonly TraceCall[]): void {
    this.#held = undefined
    try {
      // Another program may have begun the file meanwhile.
      this.#rejectWriter()
      ftruncateSync(this.#file)
    } catch (error) {
      this.#fail(error)
    }
    for (const record of held) this.#append(record)
  }

  /** Two programs would destroy each other's trace. */
  #rejectWriter(): void {
    const writer = livingWriterOf(this.#path)
    if (writer === undefined) return
    const reason = `${writer.program} (process ${writer.pid}) is writing it; choose another file`
    throw new TraceFileError(this.#path, 'ERR_TRACE_IN_USE', reason)
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const about = typeof this.#about === 'function' ? this.#about() : this.#about
    const { source, program, pid = process.pid, startedAt = performance.timeOrigin } = about
    const time = new Date(startedAt).toISOString()
    const format = { format: TRACE_FORMAT, version: TRACE_VERSION } as const
    this.#append({ ...format, source, program, pid, startedAt: time })
  }

  #append(line: TraceHeader | TraceCall): void {
    if (this.#hasFailed) return
    this.#begin()
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    this.#unwritten.push(bytes)
    this.#unwrittenBytes += bytes.length
    if (this.#timer === undefined) this.#flush()
    if (this.#unwrittenBytes > MAX_UNWRITTEN_BYTES) this.#fail(new Error('its reader is too slow'))
  }

  #flush(): void {
    this.#timer = undefined
    let rest = Buffer.concat(this.#unwritten)
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#file, rest))
    } catch (error) {
      // Only a pipe or a terminal says that it is full.
      if (codeOf(error) === 'EAGAIN') {
        this.#timer = setTimeout(() => this.#flush(), RETRY_MS).unref()
      } else {
        this.#fail(error)
        return
      }
    }
    this.#unwritten = rest.length > 0 ? [rest] : []
    this.#unwrittenBytes = rest.length
  }

  #fail(cause: unknown): void {
    this.#unwritten = []
    this.#unwrittenBytes = 0
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#onFailure(cause instanceof TraceFileError ? cause : this.#error(cause))
  }

  #error(cause: unknown): TraceFileError {
    return new TraceFileError(this.#path, codeOf(cause, 'EIO'), reasonOf(cause), { cause })
  }
}

/** Returns whether one of these descriptors is the file. One that is our output is only added to. */
function isOwn({ dev, ino }: Stats, descriptors: readonly number[]): boolean {
  return descriptors.some((descriptor) => {
    try {
      const own = fstatSync(descriptor)
      return own.dev === dev && own.ino === ino
    } catch {
      return false
    }
  })
}

/** Returns whether the call alone shows no connection: it failed, or waits for an answer. */
function reachesNobody({ call, waiting, error }: TraceCall): boolean {
  return waiting === true || error !== undefined || call === 'socket' || call === 'close'
}

/** Waits without a turn of the event loop. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
