// What a program has of the outside: stdout for the tutorial's output, stderr for ours, a keyboard.
import { isatty } from 'node:tty'
import type { Colours } from './colours.ts'
import { Keyboard } from './keyboard.ts'
import { Output } from './output.ts'
import { visible } from './visible.ts'

const STDERR = 2

/** How a line on stderr is meant; `plain` lines are for scripts and never coloured. */
export type Tone = 'plain' | 'hint' | 'warning' | 'error'

/** The three standard streams, as the programs see them. */
export class Terminal {
  readonly output: Output
  readonly keyboard = new Keyboard(() =>
    this.say('hint', 'waiting in the background: bring this job to the foreground (fg) to type'),
  )
  readonly #isWatched = isatty(STDERR)
  readonly #colours: Colours | undefined
  #hasSpoken = false

  constructor(onOutputFailure: (error: Error) => void, colours?: Colours) {
    this.output = new Output(onOutputFailure)
    this.#colours = colours
  }

  /**
   * The terminal of this process. `onOutputFailure` is called when stdout fails: nobody may be
   * printing to find out. Colours take time to load, and are left out where they can't show.
   */
  static async open(onOutputFailure: (error: Error) => void): Promise<Terminal> {
    const isPlain = !isatty(STDERR) && process.env.FORCE_COLOR === undefined
    const colours = isPlain ? undefined : (await import('./colours.ts')).colours
    return new Terminal(onOutputFailure, colours)
  }

  /** Prints on stdout, as the tutorial's program does. Rejects with OutputError. */
  print(data: string | Uint8Array): Promise<void> {
    return this.output.print(data)
  }

  /** Ends the line that the cursor is in, where Ctrl-D left it behind a prompt. */
  finishLine(): void {
    if (this.keyboard.isTerminal) this.#write('\n')
  }

  /** Tells a person who watches what is going on; a script is told nothing. */
  hint(message: string): void {
    if (this.#isWatched) this.say('hint', message)
  }

  /** Says something of our own in one line on stderr: `pynet: ...`. */
  say(tone: Tone, message: string): void {
    const line = `pynet: ${visible(message).replaceAll('\n', ' ')}`
    const shown = tone === 'plain' ? line : (this.#colours?.[tone](line) ?? line)
    this.#write(`${shown}\n`)
  }

  /** Shows a line of a trace or a summary on stderr. */
  note(line: string): void {
    const shown = visible(line)
    this.#write(`${this.#colours?.hint(shown) ?? shown}\n`)
  }

  #write(text: string): void {
    // A closed stderr must not end the program.
    if (!this.#hasSpoken) process.stderr.on('error', () => {})
    this.#hasSpoken = true
    process.stderr.write(text)
  }
}
