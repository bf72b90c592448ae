// watch: runs any program, in any language, and shows what its TCP sockets do.
import type { Command } from 'commander'
import type { TraceSink } from '../trace/format.ts'
import { Summary } from '../trace/summary.ts'
import { TraceFile } from '../trace/trace-file.ts'
import { traceLines } from '../trace/trace-lines.ts'
import { findCommand } from '../watch/command.ts'
import { ErrorOutput } from '../watch/error-output.ts'
import { WatchError } from '../watch/errors.ts'
import { exitCodeOf, reportOf } from '../watch/report.ts'
import { probe } from '../watch/strace.ts'
import { watch } from '../watch/watch.ts'
import type { Context } from './shared/context.ts'

interface WatchOptions {
  traceFile?: string
  summary?: boolean
  quiet?: boolean
}

/** The command line of watch. */
export function declare(command: Command, context: Context): void {
  // Behind the command's name every word is the command's, also one with a dash.
  command.parent?.enablePositionalOptions()
  command
    .passThroughOptions()
    .argument('<command...>', 'the program to run, and its arguments')
    .option('--trace-file <path>', 'write the calls to a file, as NDJSON, for pynet ladder')
    .option('--summary', 'show on stderr, at the end, what the calls came to')
    .option('--quiet', 'show no calls while the program runs')
    .usage('[options] [--] <command> [args...]')
    .addHelpText(
      'after',
      `
Runs any program, in any language, and shows the calls on its TCP sockets on
stderr: who blocked and how long, what each recv brought, how much of a send
was taken (write is shown as send, and read as recv). Its input, output and
exit code stay its own; Ctrl-C, Ctrl-Z and other keys are for it. Threads and
child processes are followed. On Linux, with strace (apt install strace). A
setuid program gains no rights while it is watched.

Examples:
  pynet watch -- python3 my_server.py 2000
  pynet watch --trace-file client.ndjson -- ./my_client localhost 2000 abc
  pynet watch --quiet --summary -- java -cp out Server 2000
  pynet ladder client.ndjson server.ndjson`,
    )
    .action((words: string[], options: WatchOptions) => run(words, options, context))
}

async function run(words: string[], options: WatchOptions, context: Context): Promise<void> {
  const output = new ErrorOutput()
  try {
    const found = findCommand(words)
    probe()
    const about = { source: 'watch' as const, program: found.program, pid: 0, startedAt: 0 }
    const sinks: TraceSink[] = []
    if (options.traceFile !== undefined) {
      const onFailure = (error: Error) => output.say(error.message)
      sinks.push(new TraceFile(options.traceFile, () => about, onFailure))
    }
    if (!options.quiet) sinks.push(traceLines((line) => output.note(line)))
    if (options.summary) sinks.push(new Summary(found.program, (line) => output.note(line)))
    const ending = await watch(found, sinks, {
      onStarted: (pid, startedAt) => Object.assign(about, { pid, startedAt }),
      room: () => output.room(),
    })
    const report = reportOf(found.program, ending)
    if (report !== undefined) output.say(report)
    for (const sink of sinks) sink.end()
    context.exitCode = exitCodeOf(ending)
  } catch (error) {
    if (!(error instanceof WatchError)) throw error
    output.say(error.message)
    context.exitCode = error.exitCode
  }
  await output.flush()
}
