// What a program has of the outside: stdout for the tutorial's output, stderr for ours, a keyboard.
import { colours } from './colours.ts'
import { Keyboard } from './keyboard.ts'
import { Output } from './output.ts'
import { visible } from './visible.ts'

/** How a line on stderr is meant; `plain` lines are for scripts and never coloured. */
export type Tone = 'plain' | 'hint' | 'warning' | 'error'

/** The three standard streams, as the programs see them. */
export class Terminal {
  readonly output: Output
  readonly keyboard = new Keyboard(() =>
    this.say('hint', 'waiting in the background: bring this job to the foreground (fg) to type'),
  )

  /** `onOutputFailure` is called when stdout fails: nobody may be printing to find out. */
  constructor(onOutputFailure: (error: Error) => void) {
    this.output = new Output(onOutputFailure)
    // A closed stderr must not end the program.
    process.stderr.on('error', () => {})
  }

  /** Prints on stdout, as the tutorial's program does. Rejects with OutputError. */
  print(data: string | Uint8Array): Promise<void> {
    return this.output.print(data)
  }

  /** Ends the line that the cursor is in, where Ctrl-D left it behind a prompt. */
  finishLine(): void {
    if (this.keyboard.isTerminal) process.stderr.write('\n')
  }

  /** Tells a person who watches what is going on; a script is told nothing. */
  hint(message: string): void {
    if (process.stderr.isTTY) this.say('hint', message)
  }

  /** Says something of our own in one line on stderr: `pynet: ...`. */
  say(tone: Tone, message: string): void {
    const line = `pynet: ${visible(message).replaceAll('\n', ' ')}`
    process.stderr.write(`${tone === 'plain' ? line : colours[tone](line)}\n`)
  }
}
