// Standard input: a keyboard, a file, a pipe or nothing at all, read only when somebody asks.
import { fstatSync, readFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { traced, transferOf } from '../calls.ts'
import { NEWLINE } from '../socket/lines.ts'

const STDIN = 0
const FOREGROUND_POLL_MS = 200

/** Standard input as the programs see it. */
export class Keyboard {
  readonly isTerminal = isatty(STDIN)
  readonly #onBackground: () => void
  #typed: Buffer = Buffer.alloc(0)
  #ended = false
  /** By us, before its end. */
  #isClosed = false
  #failure: Error | undefined
  #isStarted = false
  #wake: (() => void) | undefined
  #line: Promise<Buffer | undefined> | undefined
  #foregroundTimer: NodeJS.Timeout | undefined

  /** `onBackground` is called when a background job would have to wait for the foreground. */
  constructor(onBackground: () => void) {
    this.#onBackground = onBackground
  }

  /**
   * The next line without its newline; undefined at the end of input (Ctrl-D), which also counts
   * where standard input is closed or empty. A last line without a newline is a line. Calls that
   * wait at the same time get the same line.
   *
   * Rejects when standard input can't be read.
   */
  readLine(): Promise<Buffer | undefined> {
    this.#line ??= traced(
      'keyboard',
      undefined,
      () => this.#readLine(),
      (line) => {
        if (line !== undefined) return transferOf(line)
        return this.#isClosed ? { error: new Error('nobody waits any more') } : {}
      },
    ).finally(() => {
      this.#line = undefined
    })
    return this.#line
  }

  /** All of standard input, to its end. Rejects when it can't be read. */
  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let piece = await this.#read(); piece !== undefined; piece = await this.#read()) {
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  /** Reads no more: a waiting call gets the end of input, and the process may end. */
  close(): void {
    clearTimeout(this.#foregroundTimer)
    this.#isClosed ||= !this.#ended
    this.#ended = true
    if (this.#isStarted) process.stdin.destroy()
    this.#wake?.()
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

  /** What has been typed and not been read, as soon as there is any; undefined at the end. */
  async #read(): Promise<Buffer | undefined> {
    while (this.#typed.length === 0 && !this.#ended && this.#failure === undefined) {
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
    // Node takes a folder for an input that is empty.
    if (fstatSync(STDIN).isDirectory()) this.#end(new Error('is a directory'))
    process.stdin.on('data', (piece: Buffer) => {
      this.#typed = Buffer.concat([this.#typed, piece])
      this.#wake?.()
    })
    process.stdin.on('end', () => this.#end())
    process.stdin.on('error', (error) => this.#end(error))
  }

  #end(cause?: NodeJS.ErrnoException): void {
    this.#ended = true
    if (cause !== undefined) {
      const error = new Error(`cannot read standard input: ${cause.message}`, { cause })
      this.#failure = Object.assign(error, { code: cause.code ?? 'EISDIR' })
    }
    this.#wake?.()
  }
}

/**
 * Whether the terminal's foreground process group is another one than ours (proc(5), the fields
 * pgrp and tpgid of /proc/self/stat). Without /proc the answer is no.
 */
export function isInBackground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[2] !== fields[5]
  } catch {
    return false
  }
}
