// The command line: assembles the commands, and turns how they end into an exit code.
import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'
import { Command, CommanderError } from 'commander'
import type { Context } from './commands/shared/context.ts'
import { SUMMARIES } from './commands/shared/summaries.ts'
import type { TraceOptions } from './commands/shared/trace-options.ts'
import type { EndTrace } from './commands/shared/tracing.ts'
import { checkWords, usageMessage } from './commands/shared/usage.ts'
import { loadPart } from './load-part.ts'
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

/** The file of each command, which is loaded only when it is asked for. */
const FILES: Record<string, () => Promise<CommandModule>> = {
  'echo-server': () => import('./commands/echo-server.ts'),
  'echo-client': () => import('./commands/echo-client.ts'),
  'wps-server': () => import('./commands/wps-server.ts'),
  'wps-client': () => import('./commands/wps-client.ts'),
  'str-server': () => import('./commands/str-server.ts'),
  'str-client': () => import('./commands/str-client.ts'),
  demo: () => loadTool('demo'),
  ladder: () => loadTool('ladder'),
  watch: () => loadTool('watch'),
  relay: () => loadTool('relay'),
  check: () => loadTool('check'),
}
/** Signals end these at once, also while they compute, or are for the program that they run. */
const LEAVE_SIGNALS_ALONE = ['ladder', 'watch']
/** Its trace options are about the program that it runs. */
const TRACES_ANOTHER = 'watch'

/** Loads a tool: the six programs start faster without it. */
function loadTool(name: string): Promise<CommandModule> {
  return loadPart(`commands/${name}`) as Promise<CommandModule>
}

const interruption = new AbortController()
// Every connection of a crowd listens to it.
setMaxListeners(0, interruption.signal)
let endedBy: NodeJS.Signals | undefined
let endTrace: EndTrace = () => true

void Terminal.open((failure) => interruption.abort(failure)).then(main)

async function main(terminal: Terminal): Promise<void> {
  interruption.signal.addEventListener('abort', () => terminal.keyboard.close())
  const args = process.argv.slice(2)
  const context: Context = { terminal, signal: interruption.signal, exitCode: 0 }
  const program = await assemble(args, context)
  let exitCode = EXIT_FAILURE
  try {
    checkWords(args)
    await program.parseAsync(withHelpOption(args), { from: 'user' }).catch(passHelp)
    await terminal.output.finish()
    exitCode = context.exitCode
  } catch (error) {
    // An interrupted program fails in some call or other; why it was interrupted is what counts.
    const reason = interruption.signal.aborted ? interruption.signal.reason : error
    // What came before the error is shown before it.
    await terminal.output.finish().catch(() => {})
    exitCode = exitCodeOf(reason, program, terminal)
  }
  terminal.keyboard.close()
  // A wait for a key ends with that, and belongs to the trace.
  await new Promise((resolve) => setImmediate(resolve))
  if (!finishTrace()) exitCode = EXIT_FAILURE
  await terminal.output.finish().catch(() => {})
  process.exitCode = exitCode
  if (endedBy !== undefined) endBySignal(endedBy)
}

/** Commander throws also after it has printed what was asked for: the help or the version. */
function passHelp(error: unknown): void {
  if (!(error instanceof CommanderError && error.exitCode === 0)) throw error
}

/** Builds the program with all commands' names, and the whole of the one that is asked for. */
async function assemble(args: string[], context: Context): Promise<Command> {
  const { terminal } = context
  const program = new Command('pynet')
    // start.ts answers it; here it is known so that a mistyped one gets a suggestion
    .option('-V, --version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      // A print that fails is kept, and told when the output is finished.
      writeOut: (text) => void terminal.print(text).catch(() => {}),
      // The error that follows is reported in one place, with what to do about it.
      outputError: () => {},
    })
  const asked = args.find((word) => Object.hasOwn(FILES, word))
  for (const [name, { summary, original }] of Object.entries(SUMMARIES)) {
    const command = program.command(name).helpOption('-h, --help', 'print this help')
    if (name !== asked) continue
    const { declare } = (await FILES[name]?.()) ?? {}
    const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`
    command.description(`${sentence}${original ? ` (${original})` : ''}.`)
    declare?.(command, context)
    if (!LEAVE_SIGNALS_ALONE.includes(name)) {
      command.hook('preAction', () => listenForSignals(terminal))
    }
    if (name !== TRACES_ANOTHER) command.hook('preAction', () => prepare(command, terminal))
  }
  return program
}

/** `help echo-server` is `echo-server --help`, so that a mistyped name is a mistyped command. */
function withHelpOption(args: string[]): string[] {
  const [first, second, ...rest] = args
  if (first === 'help' && second !== undefined) {
    return Object.hasOwn(FILES, second) ? [second, '--help', ...rest] : [second]
  }
  return args
}

/** Prepares what every program needs before it starts. */
async function prepare(command: Command, terminal: Terminal): Promise<void> {
  // If all that it waits for vanishes, Node ends silently: that must not look like a success.
  process.exitCode = EXIT_FAILURE
  const options: TraceOptions = command.opts()
  if (options.trace || options.traceFile !== undefined || options.summary) {
    const { startTracing } = await import('./commands/shared/tracing.ts')
    const source = command.name() === 'relay' ? 'relay' : 'pynet'
    endTrace = startTracing(command.name(), options, terminal, source)
  }
}

/**
 * The first signal asks the program to shut down cleanly. The second one leaves it only the time
 * to print what it has to say, for a terminal or a script may well send two at once.
 */
function listenForSignals(terminal: Terminal): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // The keyboard has echoed ^C: what the program still has to say begins a line of its own.
      if (name === 'SIGINT') terminal.finishLine()
      const graceMs = endedBy === undefined ? GRACE_MS : SECOND_GRACE_MS
      endedBy ??= name
      interruption.abort(new Error(`ended by ${name}`))
      setTimeout(endBySignal, graceMs, endedBy).unref()
    })
  }
}

/**
 * Ends the process by the signal's own default action: at once, without waiting for a peer that
 * does not close, for a reader that does not read, or for the operating system to find a host.
 */
function endBySignal(name: NodeJS.Signals): void {
  finishTrace()
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}

/** Shows the summary and ends the trace file, once; returns whether all of it was written. */
function finishTrace(): boolean {
  const end = endTrace
  endTrace = () => true
  return end()
}

/** Says what went wrong, in one line, and returns the exit code. */
function exitCodeOf(error: unknown, program: Command, terminal: Terminal): number {
  if (endedBy !== undefined) return EXIT_SIGNAL_BASE + constants.signals[endedBy]
  if (error instanceof CommanderError) {
    // Without a command the help has been printed, and says it all.
    if (error.code !== 'commander.help') terminal.say('error', usageMessage(error, program))
    return EXIT_USAGE
  }
  if ((error as OutputError).isClosedPipe) return 0
  if (error instanceof Error && 'code' in error) {
    terminal.say('error', error.message)
  } else {
    // Not the user's mistake: whoever fixes it needs the stack.
    process.stderr.write(`pynet: internal error: ${error instanceof Error ? error.stack : error}\n`)
  }
  return EXIT_FAILURE
}
