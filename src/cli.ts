// The command line: assembles the commands, and turns how they end into an exit code.
import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import type { Context } from './command-line/context.ts'
import type { TraceOptions } from './command-line/tracing.ts'
import type { OutputError } from './terminal/output.ts'
import { Terminal } from './terminal/terminal.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
const EXIT_SIGNAL_BASE = 128
/** An interrupted program that is not done by then is ended; at the second signal, sooner. */
const GRACE_MS = 600
const SECOND_GRACE_MS = 100

interface CommandModule {
  declare(command: Command, context: Context): void
}

interface CommandEntry {
  summary: string
  load(): Promise<CommandModule>
  /** It has no sockets of its own to show. */
  isTool?: true
  /** It has nothing to end in good order: a signal ends it at once, also while it computes. */
  endsAtOnce?: true
}

/** Each program's one line of help, and its file, which is loaded only when it is asked for. */
const COMMANDS: Record<string, CommandEntry> = {
  'echo-server': {
    summary: 'send a string back in many copies (tms.py)',
    load: () => import('./commands/echo-server.ts'),
  },
  'echo-client': {
    summary: 'send a string and show the chunks that come back (tmc.py)',
    load: () => import('./commands/echo-client.ts'),
  },
  'wps-server': {
    summary: 'run w or ps for whoever asks (svr.py)',
    load: () => import('./commands/wps-server.ts'),
  },
  'wps-client': {
    summary: 'ask for w or ps and print the answer (wps.py)',
    load: () => import('./commands/wps-client.ts'),
  },
  'str-server': {
    summary: 'append letters from several clients to one string (strsvr.py)',
    load: () => import('./commands/str-server.ts'),
  },
  'str-client': {
    summary: 'send letters, one at a time (strclnt.py)',
    load: () => import('./commands/str-client.ts'),
  },
  ladder: {
    summary: "draw what both ends' traces show, as a ladder diagram",
    load: () => loadTool('ladder'),
    isTool: true,
    endsAtOnce: true,
  },
  demo: {
    summary: 'play one of the pairs in this terminal, and show what happens',
    load: () => loadTool('demo'),
    isTool: true,
  },
  relay: {
    summary: 'stand between a client and a server, and cut, delay or break the stream',
    load: () => loadTool('relay'),
  },
}

/** Whether this is the build, which says so; the sources don't know the name. */
declare const IS_BUILD: boolean | undefined

/** In the build a tool is a file of its own: the programs start faster without it. */
function loadTool(name: string): Promise<CommandModule> {
  const path = typeof IS_BUILD === 'undefined' ? `./commands/${name}.ts` : `./${name}.cjs`
  return import(path)
}

const interruption = new AbortController()
// Every connection of a crowd listens to it.
setMaxListeners(0, interruption.signal)
let endedBy: NodeJS.Signals | undefined
let endTracing = () => true

void Terminal.open((failure) => interruption.abort(failure)).then(main)

async function main(terminal: Terminal): Promise<void> {
  interruption.signal.addEventListener('abort', () => terminal.keyboard.close())
  try {
    const args = withHelpOption(process.argv.slice(2))
    const program = await assemble(args, terminal)
    await program.parseAsync(args, { from: 'user' }).catch(passHelp)
    await terminal.output.finish()
    process.exitCode = 0
  } catch (error) {
    // An interrupted program fails in some call or other; why it was interrupted is what counts.
    const reason = interruption.signal.aborted ? interruption.signal.reason : error
    // What came before the error is shown before it.
    await terminal.output.finish().catch(() => {})
    process.exitCode = exitCodeOf(reason, terminal)
  } finally {
    terminal.keyboard.close()
    // A wait for a key ends with that, and belongs to the trace.
    await new Promise((resolve) => setImmediate(resolve))
    // The session was none the worse for a trace that is not whole; a script must learn of it.
    if (!finishTracing()) process.exitCode = EXIT_FAILURE
  }
  if (endedBy !== undefined) {
    process.exitCode = EXIT_SIGNAL_BASE + constants.signals[endedBy]
    await terminal.output.finish().catch(() => {})
  }
}

/** Commander throws also after it has printed what was asked for: the help or the version. */
function passHelp(error: unknown): void {
  if (!(error instanceof CommanderError && error.exitCode === 0)) throw error
}

/** The program with all commands' names, and the whole of the one that is asked for. */
async function assemble(args: string[], terminal: Terminal): Promise<Command> {
  const program = new Command('pynet')
    .description(
      'The six example programs of a classic tutorial on network programming with Python.',
    )
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\nRun "pynet help <command>" for its options and examples.')
    .exitOverride()
    .configureOutput({
      // A failed print is kept, and told by the flush at the end.
      writeOut: (text) => void terminal.print(text).catch(() => {}),
      outputError: (text) => terminal.say('error', oneLine(text)),
    })
  const asked = args.find((word) => Object.hasOwn(COMMANDS, word))
  for (const [name, { summary, load, isTool, endsAtOnce }] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${capital(summary)}.`)
    if (name !== asked) continue
    const { declare } = await load()
    declare(command, { terminal, signal: interruption.signal })
    if (!isTool) addTraceOptions(command)
    if (!endsAtOnce) command.hook('preAction', listenForSignals)
    command.hook('preAction', () => prepare(command, terminal))
  }
  return program
}

/** `help echo-server` is `echo-server --help`, so that a mistyped name is a mistyped command. */
function withHelpOption(args: string[]): string[] {
  const [first, second, ...rest] = args
  if (first === 'help' && second !== undefined) {
    return Object.hasOwn(COMMANDS, second) ? [second, '--help', ...rest] : [second]
  }
  return args
}

/** Every program can show what its sockets do. */
function addTraceOptions(command: Command): void {
  command
    .option('--trace', 'show each call of the sockets API on stderr, as it returns')
    .option('--trace-file <path>', 'write the same to a file, as NDJSON')
    .option('--summary', 'show at the end what the calls came to, on stderr')
}

/** What every program needs before it starts. */
async function prepare(command: Command, terminal: Terminal): Promise<void> {
  // Should everything it waits for vanish, Node would end silently, as if all had gone well.
  process.exitCode = EXIT_FAILURE
  const options: TraceOptions = command.opts()
  if (options.trace || options.traceFile !== undefined || options.summary) {
    const { startTracing } = await import('./command-line/tracing.ts')
    endTracing = startTracing(command, options, terminal)
  }
}

/**
 * The first signal asks the program to end in good order. The second one leaves it only the time
 * to print what it has to say, for a terminal or a script may well send two at once.
 */
function listenForSignals(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const graceMs = endedBy === undefined ? GRACE_MS : SECOND_GRACE_MS
      endedBy ??= name
      interruption.abort(new Error(`ended by ${name}`))
      setTimeout(endNow, graceMs, endedBy).unref()
    })
  }
}

/**
 * The summary, and the end of the trace file; once, however the program ends. Gives whether all of
 * it was written.
 */
function finishTracing(): boolean {
  const end = endTracing
  endTracing = () => true
  return end()
}

/** Without waiting for peers that do not close, or for a reader of stdout that does not read. */
function endNow(name: NodeJS.Signals): void {
  finishTracing()
  process.exit(EXIT_SIGNAL_BASE + constants.signals[name])
}

/** Says what went wrong, in one line, and gives the exit code. */
function exitCodeOf(error: unknown, terminal: Terminal): number {
  if (endedBy !== undefined) return EXIT_SIGNAL_BASE
  if (error instanceof CommanderError) return EXIT_USAGE
  if ((error as OutputError).isClosedPipe) return 0
  if (error instanceof Error && 'code' in error) {
    terminal.say('error', error.message)
  } else {
    // Not a mistake of the user's: whoever mends it needs the stack.
    process.stderr.write(`pynet: internal error: ${error instanceof Error ? error.stack : error}\n`)
  }
  return EXIT_FAILURE
}

/** Commander's messages, without their label and their line ends. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: (command-argument value )?/, '')
    .replaceAll('\n', ' ')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
