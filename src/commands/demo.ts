// demo: plays one of the three pairs in one terminal, and shows and says what happens.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Argument, type Command } from 'commander'
import { DemoError } from '../demo/actor.ts'
import { echoPlay } from '../demo/echo-play.ts'
import { LiveView } from '../demo/live-view.ts'
import { PlainView } from '../demo/plain-view.ts'
import type { Play } from '../demo/play.ts'
import { Stage } from '../demo/stage.ts'
import { strPlay } from '../demo/str-play.ts'
import { wpsPlay } from '../demo/wps-play.ts'
import { MIN_WIDTH } from '../ladder/text.ts'
import { seconds } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'

const PLAYS: Record<string, Play> = { echo: echoPlay, wps: wpsPlay, str: strPlay }
const DEFAULT_PACE_MS = 2000
/** Where nobody says how wide the reader's screen is. */
const DEFAULT_WIDTH = 80

interface DemoOptions {
  pace?: number
  plain?: boolean
}

/** The command line of demo. */
export function declare(command: Command, context: Context): void {
  command
    .addArgument(new Argument('<pair>', 'which programs to play').choices(Object.keys(PLAYS)))
    .option(
      '--pace <seconds>',
      'how long to wait before and after each step; 0 for scripts (default: 2)',
      seconds,
    )
    .option('--plain', 'plain lines, the same in every run: ports, times and chunks are masked')
    .addHelpText(
      'after',
      `
Starts a real server and its clients on a free port of this machine, types the
keys itself, and shows as a growing ladder what each of them calls, what comes
of it at the other end, and what it prints (after >). Into a file or a pipe it
prints plain lines. Ctrl-C ends it all.

Examples:
  pynet demo echo
  pynet demo str --pace 1
  pynet demo wps --pace 0 --plain > today.txt`,
    )
    .action(async (pair: string, options: DemoOptions) => {
      const play = PLAYS[pair]
      if (play !== undefined) await demo(play, options, context)
    })
}

/** Gives the play, and leaves nothing of it behind, however it ends. */
export async function demo(
  play: Play,
  { pace = DEFAULT_PACE_MS, plain = false }: DemoOptions,
  { terminal, signal }: Context,
): Promise<void> {
  if (play.needs !== undefined && !isInstalled(play.needs)) {
    throw new DemoError(`this demo shows the output of ${play.needs}, which this machine lacks`)
  }
  const { isTerminal, columns = DEFAULT_WIDTH } = terminal.output
  const view =
    isTerminal && !plain
      ? new LiveView(play, Math.max(MIN_WIDTH, columns))
      : new PlainView(play, { isMasked: plain })
  const print = async (lines: readonly string[]) => {
    if (lines.length > 0) await terminal.print(`${lines.join('\n')}\n`)
  }
  const stage = new Stage({ paceMs: pace, view, print, signal })
  try {
    await stage.give(play)
  } finally {
    await stage.close()
  }
}

/** Whether the server will find the program where it looks. */
function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
