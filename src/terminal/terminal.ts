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
  /** What a person has been asked and has not answered yet. */
  #question = ''

  constructor(onOutputFailure: (error: Error) => void, colours?: Colours) {
    this.output = new Output(onOutputFailure)
    this.#colours = colours
  }

  /**
   * Returns the terminal of this process. `onOutputFailure` is called when stdout fails: no print
   * may be under way to find out. Colours take time to load, and are left out where they can't show.
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

  /**
   * Waits for a line at the keyboard, and tells a person at a terminal what it is for. The question
   * stays the last line on the screen. Resolves and rejects as `keyboard.readLine` does.
   */
  async ask(question: string): Promise<Buffer | undefined> {
    if (this.keyboard.isTerminal) {
      this.#question = `pynet: ${question}\n`
      this.#write(this.#question)
    }
    try {
      return await this.keyboard.readLine()
    } finally {
      this.#question = ''
    }
  }

  /** Ends the line that the cursor is in, where Ctrl-D or Ctrl-C has left it. */
  finishLine(): void {
    if (this.#isWatched) process.stderr.write('\n')
    else if (this.output.isTerminal) this.output.print('\n').catch(() => {})
    this.output.lineEnded()
  }

  /** Tells a person who watches what is going on; says nothing to a script. */
  hint(message: string): void {
    if (this.#isWatched) this.say('hint', message)
  }

  /** Says something of our own in one line on stderr: `pynet: ...`. */
  say(tone: Tone, message: string): void {
    const line = `pynet: ${visible(message).replaceAll('\n', ' ')}`
    const shown = tone === 'plain' ? line : (this.#colours?.[tone](line) ?? line)
    this.#write(`${shown}\n${this.#question}`)
  }

  /** Shows a line of a trace or a summary on stderr. */
  note(line: string): void {
    const shown = visible(line)
    this.#write(`${this.#colours?.hint(shown) ?? shown}\n${this.#question}`)
  }

  #write(text: string): void {
    // A closed stderr must not end the program.
    if (!this.#hasSpoken) process.stderr.on('error', () => {})
    this.#hasSpoken = true
    const isBehindPrompt = this.#isWatched && this.output.isMidLine
    process.stderr.write(isBehindPrompt ? `\n${text}` : text)
    if (isBehindPrompt) this.output.lineEnded()
  }
}
