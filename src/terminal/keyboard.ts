// Standard input: a keyboard, a file, a pipe or nothing at all, read only when a program asks.
import { fstatSync, readFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { traced, transferOf } from '../calls.ts'

const STDIN = 0
/** What /proc has for the foreground group of a session without a controlling terminal. */
const NO_TERMINAL = '-1'
const NEWLINE = 0x0a
const FOREGROUND_POLL_MS = 200

/** Standard input as the programs see it. One call at a time. */
export class Keyboard {
  readonly isTerminal = isatty(STDIN)
  readonly #onBackground: () => void
  #typed: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #failure: Error | undefined
  #isStarted = false
  /** Ends the wait for input. */
  #wake = () => {}
  #foregroundTimer: NodeJS.Timeout | undefined

  /** `onBackground` is called when a background job would have to wait for the foreground. */
  constructor(onBackground: () => void) {
    this.#onBackground = onBackground
  }

  /**
   * Resolves with the next line, without its newline; with undefined at the end of input (Ctrl-D),
   * which a standard input that is closed or empty has at once. A last line without a newline is a
   * line. Rejects when standard input cannot be read, or when the keyboard is closed meanwhile.
   */
  readLine(): Promise<Buffer | undefined> {
    return traced(
      'keyboard',
      undefined,
      () => this.#readLine(),
      (line) => (line === undefined ? {} : transferOf(line)),
    )
  }

  /** All of standard input, piece by piece as it comes, to its end. Rejects as `readLine` does. */
  async *pieces(): AsyncGenerator<Buffer, void, void> {
    for (let piece = await this.#read(); piece !== undefined; piece = await this.#read())
      yield piece
  }

  /** Reads no more: a waiting call rejects, and the process may end. */
  close(): void {
    clearTimeout(this.#foregroundTimer)
    this.#failure ??= new Error('the keyboard is closed')
    if (this.#isStarted) process.stdin.destroy()
    this.#wake()
  }

  async #readLine(): Promise<Buffer | undefined> {
    const pieces: Buffer[] = []
    for (;;) {
      const piece = await this.#read()
      if (piece === undefined) return pieces.length > 0 ? Buffer.concat(pieces) : undefined
      const end = piece.indexOf(NEWLINE)
      if (end < 0) {
        pieces.push(piece)
      } else {
        this.#typed = piece.subarray(end + 1)
        return Buffer.concat([...pieces, piece.subarray(0, end)])
      }
    }
  }

  /** Resolves with what has been typed and not been read, as soon as there is any. */
  async #read(): Promise<Buffer | undefined> {
    while (this.#typed.length === 0 && !this.#hasEnded && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#start()
      })
    }
    if (this.#isStarted) process.stdin.pause()
    const typed = this.#typed
    this.#typed = Buffer.alloc(0)
    if (typed.length > 0) return typed
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  #start(): void {
    if (this.#isStarted) {
      process.stdin.resume()
      return
    }
    // A background job that reads its terminal is stopped by the system (SIGTTIN): wait instead.
    if (this.isTerminal && isInBackground()) {
      if (this.#foregroundTimer === undefined) this.#onBackground()
      this.#foregroundTimer = setTimeout(() => this.#start(), FOREGROUND_POLL_MS)
      return
    }
    this.#isStarted = true
    // To Node, a directory is an input that is empty.
    if (fstatSync(STDIN).isDirectory()) this.#fail('EISDIR', 'is a directory')
    process.stdin.on('data', (piece: Buffer) => {
      this.#typed = Buffer.concat([this.#typed, piece])
      this.#wake()
    })
    process.stdin.on('end', () => {
      this.#hasEnded = true
      this.#wake()
    })
    process.stdin.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      this.#fail(code ?? 'EIO', message),
    )
  }

  #fail(code: string, reason: string): void {
    this.#failure ??= Object.assign(new Error(`cannot read standard input: ${reason}`), { code })
    this.#wake()
  }
}

/**
 * Returns whether the terminal's foreground process group is another one than ours (proc(5), the
 * fields pgrp and tpgid of /proc/self/stat). It is not where the terminal does not control our
 * session, nor without /proc.
 */
export function isInBackground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [group, foreground] = [fields[2], fields[5]]
    return foreground !== NO_TERMINAL && foreground !== group
  } catch {
    return false
  }
}
