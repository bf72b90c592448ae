// Standard output: bytes in order, written once a turn, with back-pressure; a failure is reported.
import { createWriteStream, fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { unfinishedLength, visible } from './visible.ts'

const STDOUT = 1
const NEWLINE = 0x0a
/** A print waits until all is written when more than this has gathered. */
const HIGH_WATER_BYTES = 65_536

/** Standard output failed. `isClosedPipe`: its reader has left (`| head`), which is no error. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
  readonly code: string
  readonly isClosedPipe: boolean

  constructor(cause: NodeJS.ErrnoException) {
    super(`cannot write to standard output: ${cause.message}`, { cause })
    this.code = cause.code ?? 'EIO'
    this.isClosedPipe = cause.code === 'EPIPE'
  }
}

/** Standard output as the programs see it. */
export class Output {
  readonly isTerminal = isatty(STDOUT)
  readonly #onFailure: (error: OutputError) => void
  #stream: Writable | undefined
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** On a terminal: the beginning of a character whose other bytes have not been printed yet. */
  #begun: Buffer = Buffer.alloc(0)
  #flushing: Promise<void> | undefined
  #scheduled = false
  #failure: OutputError | undefined
  #lastByte = NEWLINE

  constructor(onFailure: (error: OutputError) => void) {
    this.#onFailure = onFailure
  }

  /** Whether the terminal's cursor stands behind a prompt, or another text without a newline. */
  get isMidLine(): boolean {
    return this.isTerminal && this.#lastByte !== NEWLINE
  }

  /** How wide the terminal is; undefined where there is none, or where it does not say. */
  get columns(): number | undefined {
    return this.isTerminal ? process.stdout.columns || undefined : undefined
  }

  /** The line that the cursor is in has been ended, by the keyboard's echo or on stderr. */
  lineEnded(): void {
    this.#lastByte = NEWLINE
  }

  /**
   * Prints text or bytes. What is printed in one turn of the event loop goes out in one write; the
   * promise waits only when the reader is slower than we are. The memory of bytes must not change
   * until they are written (`flush`). On a terminal, control characters are made visible, and a
   * character whose bytes come in two prints is one; elsewhere every byte goes out as it is.
   *
   * Rejects with OutputError, also for an earlier print that failed meanwhile.
   */
  print(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return this.#print(this.isTerminal ? this.#shown(bytes) : bytes)
  }

  /** As `print`, of text that is all our own: its colours reach the terminal. */
  printOwn(text: string): Promise<void> {
    return this.#print(Buffer.from(text))
  }

  async #print(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#push(bytes)
    if (this.#pendingBytes > HIGH_WATER_BYTES) await this.flush()
    else this.#schedule()
  }

  /** Resolves when all that was printed has been written. Rejects with OutputError. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined || this.#pending.length > 0) {
      this.#flushing ??= this.#writePending().finally(() => {
        this.#flushing = undefined
      })
      await this.#flushing
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** The end of all output. Resolves, or rejects, as `flush`. */
  async finish(): Promise<void> {
    this.#push(Buffer.from(visible(this.#begun)))
    this.#begun = Buffer.alloc(0)
    await this.flush()
  }

  #push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#lastByte = bytes.at(-1) ?? NEWLINE
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
  }

  /** What a terminal shows; the beginning of a character waits for the next print. */
  #shown(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#begun, bytes])
    const end = all.length - unfinishedLength(all)
    this.#begun = all.subarray(end)
    return Buffer.from(visible(all.subarray(0, end)))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      // A failure is kept for the next print or flush.
      this.flush().catch(() => {})
    })
  }

  async #writePending(): Promise<void> {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    try {
      if (this.#failure === undefined) await this.#write(bytes)
    } catch (error) {
      this.#failure = new OutputError(error as NodeJS.ErrnoException)
      this.#onFailure(this.#failure)
    }
  }

  #write(bytes: Buffer): Promise<void> {
    this.#stream ??= openStdout()
    const stream = this.#stream
    return new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/**
 * Node's own stdout assumes that a file takes all of a write at once; on a full disk it takes a
 * part, and the rest would be lost without an error. A file stream writes on, and gets the error.
 */
function openStdout(): Writable {
  const stat = fstatSync(STDOUT)
  const isPlainFile = stat.isFile() || (stat.isCharacterDevice() && !isatty(STDOUT))
  const stream = isPlainFile
    ? createWriteStream('', { fd: STDOUT, autoClose: false })
    : process.stdout
  // The write's own callback tells; without a listener the event would end the process.
  stream.on('error', () => {})
  return stream
}
