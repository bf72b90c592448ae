// The options with which every program shows its own calls, and what they start.
import type { Command } from 'commander'
import type { Terminal } from '../../terminal/terminal.ts'
import type { TraceSink, TraceSource } from '../../trace/format.ts'

export interface TraceOptions {
  trace?: boolean
  traceFile?: string
  summary?: boolean
}

/** Ends a trace; returns whether all of it was written. */
export type EndTrace = () => boolean

export function addTraceOptions(command: Command): Command {
  return command
    .option('--trace', 'show each call of the sockets API on stderr, as it returns')
    .option('--trace-file <path>', 'write the same to a file, as NDJSON')
    .option('--summary', 'show on stderr, at the end, what the calls came to')
}

/**
 * Starts what the options ask for; returns the way to end it. Rejects with TraceFileError where
 * the file cannot be written.
 */
export async function startTracing(
  program: string,
  { trace, traceFile, summary }: TraceOptions,
  terminal: Terminal,
  source: TraceSource = 'pynet',
): Promise<EndTrace> {
  if (!trace && traceFile === undefined && !summary) return () => true
  const { observe, ownCost, Summary, TraceFile, TraceLines } = await import('../../trace/index.ts')
  const show = (line: string) => terminal.note(line)
  const sinks: TraceSink[] = []
  let isWhole = true
  if (traceFile !== undefined) {
    const onFailure = (error: Error) => {
      isWhole = false
      terminal.say('error', error.message)
    }
    sinks.push(new TraceFile(traceFile, { source, program }, onFailure))
  }
  if (trace) sinks.push(new TraceLines(show))
  if (summary) sinks.push(new Summary(program, show, ownCost))
  const stop = observe(sinks)
  return () => {
    stop()
    return isWhole
  }
}
