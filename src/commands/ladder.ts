// ladder: joins the traces of both ends of a connection and draws what happened between them.
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { buildLadder, type WholeLadder } from '../ladder/build.ts'
import { mermaidLadder } from '../ladder/mermaid.ts'
import { addressText } from '../ladder/notes.ts'
import { fileError, inputThatIs, replaceFile } from '../ladder/picture-file.ts'
import { svgLadder } from '../ladder/svg.ts'
import { THEMES, type Theme } from '../ladder/svg-themes.ts'
import { MIN_WIDTH, textLadder } from '../ladder/text.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Trace } from '../trace/format.ts'
import { parseTrace } from '../trace/parse-trace.ts'
import { wholeNumber } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'

const MAX_WIDTH = 1000
/** Where nobody says how wide the reader's screen is. */
const DEFAULT_WIDTH = 80
const STDOUT = '-'

interface LadderOptions {
  mermaid?: boolean
  svg?: string
  theme: Theme
  all?: boolean
  width?: number
}

/** Draws the diagram of the traces, and says what they lack. */
async function ladder(
  traces: readonly Trace[],
  { mermaid, svg, theme, all, width }: LadderOptions,
  terminal: Terminal,
): Promise<void> {
  const whole = buildLadder(traces)
  tellWhatIsMissing(traces, whole, terminal)
  if (svg === STDOUT) await terminal.print(svgLadder(whole, { all, theme }))
  else if (svg !== undefined) await replaceFile(svg, svgLadder(whole, { all, theme }))
  if (mermaid) {
    await terminal.print(mermaidLadder(whole, { all }))
  } else if (svg === undefined) {
    const columns = width ?? terminal.output.columns ?? DEFAULT_WIDTH
    await terminal.print(textLadder(whole, { width: columns, all }))
  }
}

/** The diagram is drawn from what there is; who reads it should know what there is not. */
function tellWhatIsMissing(
  traces: readonly Trace[],
  { connections, leftOut }: WholeLadder,
  terminal: Terminal,
): void {
  for (const { name, isCutShort } of traces) {
    if (isCutShort) terminal.say('warning', `${name} is cut short: its last line is left out`)
  }
  const [only] = traces
  if (traces.length === 1) {
    const what =
      connections.length === 0 ? 'no connection' : "only one end: the other end's trace is missing"
    terminal.say('warning', `${only?.name} shows ${what}`)
  }
  for (const { trace, remotes, isUndecided } of leftOut) {
    const others = remotes.length === 1 ? '' : ` and ${remotes.length - 1} more`
    const whom = `${addressText(remotes[0])}${others}`
    const message = isUndecided
      ? `connections of ${trace.name} to ${whom} can't be told apart: left out`
      : `no trace of ${whom}, which ${trace.name} talks to: left out`
    terminal.say('warning', message)
  }
}

async function readTrace(file: string): Promise<Trace> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw fileError(`cannot read ${file}`, error)
  })
  return parseTrace(text, file)
}

/** The command line of ladder. */
export function declare(command: Command, { terminal }: Context): void {
  command
    .argument('<trace-file...>', 'what the programs wrote with --trace-file, of all ends')
    .option('--mermaid', 'print a Mermaid sequence diagram, for a Markdown page')
    .option('--svg <file>', 'write a picture to this file, or to standard output (-)')
    .addOption(
      new Option('--theme <theme>', "the picture's colours").choices(THEMES).default('light'),
    )
    .option('--all', 'show every call, also where there are hundreds of one kind')
    .option(
      '--width <columns>',
      "how wide the diagram may be (default: the terminal's, or 80)",
      wholeNumber(MIN_WIDTH, MAX_WIDTH),
    )
    .addHelpText(
      'after',
      `
Draws a ladder diagram: a lane for each program, its calls from top to bottom,
an arrow from each send to the receives that its bytes fed, with the bytes'
range, and a heavy line where a call blocked. Both ends are joined by their
addresses and by what the bytes say, also across a relay or a translation of
addresses. The clocks of two machines need not agree: each side's times are
its own.

Examples:
  pynet ladder client.ndjson server.ndjson
  pynet ladder ann.ndjson bob.ndjson server.ndjson --width 120
  pynet ladder client.ndjson server.ndjson --svg ladder.svg --theme auto
  pynet ladder client.ndjson server.ndjson --mermaid >> notes.md`,
    )
    .action(async (files: string[], options: LadderOptions) => {
      const { svg = STDOUT } = options
      const input = svg === STDOUT ? undefined : await inputThatIs(svg, files)
      if (input !== undefined) {
        command.error(`--svg ${svg} would replace ${input}, which is to be read: name another file`)
      }
      const traces: Trace[] = []
      // One after another: there may be more files than a process may have open.
      for (const file of files) traces.push(await readTrace(file))
      await ladder(traces, options, terminal)
    })
}
