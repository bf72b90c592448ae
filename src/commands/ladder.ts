// ladder: joins the traces of both ends of a connection and draws what happened between them.
import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { wholeNumber } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'
import { buildLadder } from '../ladder/build.ts'
import type { Ladder } from '../ladder/ladder.ts'
import { mermaidLadder } from '../ladder/mermaid.ts'
import { svgLadder } from '../ladder/svg.ts'
import { MIN_WIDTH, textLadder } from '../ladder/text.ts'
import { formatAddress } from '../socket/address.ts'
import { codeOf, reasonOf } from '../socket/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Trace } from '../trace/format.ts'
import { parseTrace } from '../trace/parse-trace.ts'

const MAX_WIDTH = 1000
/** Where nobody says how wide the reader's screen is. */
const DEFAULT_WIDTH = 80
/** Some editors and shells begin a file with it. */
const BYTE_ORDER_MARK = /^\ufeff/

interface LadderOptions {
  mermaid?: boolean
  svg?: string
  all?: boolean
  width?: number
}

/** The command line of ladder. */
export function declare(command: Command, context: Context): void {
  command
    .argument('<trace-file...>', 'what the programs wrote with --trace-file, of all ends')
    .option('--mermaid', 'print a Mermaid sequence diagram, for a Markdown page')
    .option('--svg <file>', 'write a picture to this file')
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
range, and a heavy line where a call blocked. The clocks of two machines need
not agree: each side's times are its own.

Examples:
  pynet ladder client.ndjson server.ndjson
  pynet ladder ann.ndjson bob.ndjson server.ndjson --width 120
  pynet ladder client.ndjson server.ndjson --svg ladder.svg
  pynet ladder client.ndjson server.ndjson --mermaid >> notes.md`,
    )
    .action(async (files: string[], options: LadderOptions) => {
      const traces = await Promise.all(files.map(readTrace))
      await ladder(traces, options, context.terminal)
    })
}

/** Draws the diagram of the traces, and says what they lack. */
export async function ladder(
  traces: readonly Trace[],
  { mermaid, svg, all, width }: LadderOptions,
  terminal: Terminal,
): Promise<void> {
  const whole = buildLadder(traces)
  tellWhatIsMissing(traces, whole, terminal)
  if (svg !== undefined) await writePicture(svg, svgLadder(whole, { all }))
  if (mermaid) {
    await terminal.print(mermaidLadder(whole, { all }))
  } else if (svg === undefined) {
    const columns = width ?? terminal.output.columns ?? DEFAULT_WIDTH
    await terminal.print(textLadder(whole, { width: columns, all }))
  }
}

async function readTrace(file: string): Promise<Trace> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw fileError(`cannot read ${file}`, error)
  }
  return parseTrace(text.replace(BYTE_ORDER_MARK, ''), file)
}

async function writePicture(file: string, picture: string): Promise<void> {
  try {
    await writeFile(file, picture)
  } catch (error) {
    throw fileError(`cannot write ${file}`, error)
  }
}

/** A mistake of the user's, for whom the stack is of no use. */
function fileError(what: string, cause: unknown): Error {
  const error = new Error(`${what}: ${reasonOf(cause)}`, { cause })
  return Object.assign(error, { code: codeOf(cause) })
}

/** The diagram is drawn from what there is; who reads it should know what there is not. */
function tellWhatIsMissing(
  traces: readonly Trace[],
  { connections, leftOut }: Ladder,
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
  for (const { trace, remotes } of leftOut) {
    const [first] = remotes
    const others = remotes.length === 1 ? '' : ` and ${remotes.length - 1} more`
    const whom = first === undefined ? '' : `${formatAddress(first)}${others}`
    terminal.say('warning', `no trace of ${whom}, which ${trace.name} talks to: left out`)
  }
}
