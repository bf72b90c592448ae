// The keys that are pressed during a demo: Enter goes on, q ends it, and none reaches the shell.
import { constants, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTROL_C } from './play.ts'

const DROPPED_BYTES = 4096

/** The keyboard in raw mode until the process ends. Needs a terminal where it is in the foreground. */
export class Keys {
  /** Aborted at q, and when the signal given is. */
  readonly signal: AbortSignal
  readonly #quit = new AbortController()
  /** Ends the pause; undefined while there is none. */
  #goOn: (() => void) | undefined
  /** Enter typed early counts for the next pause. */
  #enters = 0

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#quit.signal])
    // A terminal that is gone needs no modes.
    process.stdin.on('error', () => {})
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('latin1').on('data', (keys: string) => {
      for (const key of keys) this.#press(key)
    })
    process.stdin.unref()
    process.prependOnceListener('exit', giveBack)
    // A process that a signal ends does not come to its exit.
    signal.addEventListener('abort', giveBack)
  }

  get hasQuit(): boolean {
    return this.#quit.signal.aborted
  }

  /** Resolves after so many milliseconds, or at Enter. Rejects with the signal's reason. */
  async pause(ms: number): Promise<void> {
    if (this.#enters > 0) {
      this.#enters--
    } else {
      const skip = new AbortController()
      this.#goOn = () => skip.abort()
      const signal = AbortSignal.any([this.signal, skip.signal])
      await sleep(ms, undefined, { signal }).catch(() => {})
      this.#goOn = undefined
    }
    this.signal.throwIfAborted()
  }

  #press(key: string): void {
    // In raw mode the terminal makes no signal of it.
    if (key === CONTROL_C) process.kill(process.pid, 'SIGINT')
    if (key === 'q') this.#quit.abort()
    if (key !== '\r' && key !== '\n') return
    if (this.#goOn === undefined) this.#enters++
    this.#goOn?.()
    this.#goOn = undefined
  }
}

/** Drops what was typed and not yet read, and gives the terminal back as it was. */
function giveBack(): void {
  try {
    const terminal = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK)
    while (readSync(terminal, Buffer.alloc(DROPPED_BYTES)) > 0);
  } catch {
    // There is nothing left to read.
  }
  process.stdin.setRawMode(false)
}
