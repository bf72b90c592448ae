// The keys that are pressed during a demo: Enter goes on, q ends it, and none reaches the shell.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { CONTROL_C } from './play.ts'

/** The keyboard in raw mode, until it is closed. Needs a terminal in which this is the foreground. */
export class Keys {
  /** Aborted at q, and when the signal given is. */
  readonly signal: AbortSignal
  readonly #quit = new AbortController()
  /** Ends the pause; undefined while there is none. */
  #goOn: (() => void) | undefined
  /** Enter typed early counts for the next pause. */
  #enters = 0
  readonly #restore = () => void process.stdin.setRawMode(false)

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#quit.signal])
    // What comes after an interruption may take too long, or never come.
    this.signal.addEventListener('abort', this.#restore)
    process.prependOnceListener('exit', this.#restore)
    // A terminal that is gone needs no modes.
    process.stdin.on('error', () => {})
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('latin1').on('data', (keys: string) => {
      for (const key of keys) this.#press(key)
    })
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

  /** Drops what was typed, and gives the terminal back as it was. */
  async close(): Promise<void> {
    // What the terminal holds is read in the next turn of the event loop, and so not by the shell.
    await turn()
    await turn()
    this.#restore()
    process.off('exit', this.#restore)
    process.stdin.destroy()
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
