// Standard input: a keyboard, a file, a pipe or nothing at all, read only when somebody asks.
import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

const STDIN = 0
const NEWLINE = 0x0a
const FOREGROUND_POLL_MS = 200

interface Waiter {
  resolve(line: Buffer | undefined): void
  reject(error: Error): void
}

/** Standard input as the programs see it. */
export class Keyboard {
  readonly isTerminal = isatty(STDIN)
  readonly #onBackground: () => void
  #typed: Buffer = Buffer.alloc(0)
  #ended = false
  #started = false
  #failure: Error | undefined
  #waiter: Waiter | undefined
  #foregroundTimer: NodeJS.Timeout | undefined

  /** `onBackground` is called when a background job would have to wait for the foreground. */
  constructor(onBackground: () => void) {
    this.#onBackground = onBackground
  }

  /**
   * The next line without its newline; undefined at the end of input (Ctrl-D), which also counts
   * where standard input is closed or empty. A last line without a newline is a line.
   *
   * Rejects when standard input can't be read.
   */
  readLine(): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#serve()
    })
  }

  /** All of standard input, to its end. Rejects when it can't be read. */
  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of process.stdin) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  }

  /** Reads no more: a waiting `readLine` gets the end of input, and the process may end. */
  close(): void {
    clearTimeout(this.#foregroundTimer)
    this.#ended = true
    if (this.#started) process.stdin.destroy()
    this.#serve()
  }

  /** Gives the waiting reader its line, or starts reading. */
  #serve(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    const end = this.#typed.indexOf(NEWLINE)
    if (end < 0 && !this.#ended && this.#failure === undefined) {
      this.#start()
      return
    }
    this.#waiter = undefined
    if (end >= 0) {
      const line = this.#typed.subarray(0, end)
      this.#typed = this.#typed.subarray(end + 1)
      waiter.resolve(line)
    } else if (this.#failure !== undefined) {
      waiter.reject(this.#failure)
    } else {
      const rest = this.#typed
      this.#typed = Buffer.alloc(0)
      waiter.resolve(rest.length > 0 ? rest : undefined)
    }
    if (this.#started) process.stdin.pause()
  }

  #start(): void {
    if (this.#started) {
      process.stdin.resume()
      return
    }
    // A background job that reads its terminal is stopped by the system (SIGTTIN): wait instead.
    if (this.isTerminal && isInBackground()) {
      if (this.#foregroundTimer === undefined) this.#onBackground()
      this.#foregroundTimer = setTimeout(() => this.#serve(), FOREGROUND_POLL_MS)
      return
    }
    this.#started = true
    process.stdin.on('data', (piece: Buffer) => {
      this.#typed = Buffer.concat([this.#typed, piece])
      this.#serve()
    })
    process.stdin.on('end', () => {
      this.#ended = true
      this.#serve()
    })
    process.stdin.on('error', (error) => {
      this.#failure = error
      this.#serve()
    })
  }
}

/**
 * Whether the terminal's foreground process group is another one than ours (proc(5), the fields
 * pgrp and tpgid of /proc/self/stat). Without /proc the answer is no.
 */
function isInBackground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[2] !== fields[5]
  } catch {
    return false
  }
}
