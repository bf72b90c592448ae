// demo: plays one of the pairs in one terminal, and shows and says what happens.
import { setTimeout as sleep } from 'node:timers/promises'
import { Argument, type Command } from 'commander'
import { echoPlay } from '../demo/echo-play.ts'
import { Keys } from '../demo/keys.ts'
import { NO_MASK, plainMask } from '../demo/mask.ts'
import type { Play } from '../demo/play.ts'
import { DemoError } from '../demo/program.ts'
import { runPlay } from '../demo/run-play.ts'
import { strPlay } from '../demo/str-play.ts'
import { wpsPlay } from '../demo/wps-play.ts'
import { buildLadder } from '../ladder/build.ts'
import { replaceFile } from '../ladder/picture-file.ts'
import { svgLadder } from '../ladder/svg.ts'
import { ladderColour } from '../terminal/colours.ts'
import { isInBackground } from '../terminal/keyboard.ts'
import { seconds } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'

const PLAYS: Record<string, Play> = { echo: echoPlay, wps: wpsPlay, str: strPlay }
const TERMINAL_PACE_MS = 2000
const MIN_WIDTH = 60
const MAX_WIDTH = 120
/** Where nobody says how wide the reader's screen is. */
const DEFAULT_WIDTH = 80
const STDOUT = '-'

interface DemoOptions {
  pace?: number
  plain?: boolean
  svg?: string
}

/** Runs the play, and leaves nothing of it behind, however it ends. */
export async function demo(
  play: Play,
  { pace, plain = false, svg }: DemoOptions,
  { terminal, signal }: Context,
): Promise<void> {
  const { isTerminal, columns = DEFAULT_WIDTH } = terminal.output
  if (columns < MIN_WIDTH) {
    const found = `and this terminal has ${columns}`
    throw new DemoError(`the demo needs ${MIN_WIDTH} columns, ${found}: make the window wider`)
  }
  const hasKeys = isTerminal && process.stdin.isTTY && !isInBackground()
  const keys = hasKeys ? new Keys(signal) : undefined
  if (keys !== undefined) terminal.hint('Enter goes on at once, q ends the demo')
  const paceMs = pace ?? (isTerminal ? TERMINAL_PACE_MS : 0)
  try {
    const traces = await runPlay(play, {
      width: Math.min(columns, MAX_WIDTH),
      paint: plain ? (text) => text : ladderColour,
      mask: plain ? plainMask(play.hasVaryingBytes === true) : NO_MASK,
      print: async (lines) => {
        if (svg !== STDOUT) await terminal.output.printOwn(`${lines.join('\n')}\n`)
      },
      pause: () => keys?.pause(paceMs) ?? sleep(paceMs, undefined, { signal }),
      signal: keys?.signal ?? signal,
    })
    if (svg === undefined) return
    const picture = svgLadder(buildLadder(traces))
    await (svg === STDOUT ? terminal.print(picture) : replaceFile(svg, picture))
  } catch (error) {
    if (signal.aborted || !keys?.hasQuit) throw error
  }
}

/** The command line of demo. */
export function declare(command: Command, context: Context): void {
  command
    .addArgument(new Argument('<pair>', 'which programs to play').choices(Object.keys(PLAYS)))
    .option(
      '--pace <seconds>',
      'how long to wait before and after each step (default: 2 in a terminal, else 0)',
      seconds,
    )
    .option('--plain', 'mask ports, times and chunks, so that every run prints the same')
    .option('--svg <file>', 'keep the ladder as a picture, in this file or on standard output (-)')
    .addHelpText(
      'after',
      `
Starts a real server and its clients on a free port of this machine, types the
keys itself, and shows as a growing ladder what each of them calls, what comes
of it at the other end, and what it prints (after >). In a terminal, Enter goes
on at once, and q ends it.

Examples:
  pynet demo echo
  pynet demo str --pace 1
  pynet demo echo --svg echo.svg
  pynet demo wps --plain > today.txt`,
    )
    .action(async (pair: string, options: DemoOptions) => {
      const play = PLAYS[pair]
      if (play !== undefined) await demo(play, options, context)
    })
}
