// What every program can show of its own calls: options, and the listening from start to end.
import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import type { TraceSink } from '../trace/format.ts'
import { observe } from '../trace/observe.ts'
import { ownCost, Summary } from '../trace/summary.ts'
import { TraceFile } from '../trace/trace-file.ts'
import { TraceLines } from '../trace/trace-lines.ts'

export interface TraceOptions {
  trace?: boolean
  traceFile?: string
  summary?: boolean
}

/**
 * Starts what the options ask for; gives the way to end it, which tells whether all was written.
 * Throws TraceFileError where the file can't be made.
 */
export function startTracing(
  command: Command,
  { trace, traceFile, summary }: TraceOptions,
  terminal: Terminal,
): () => boolean {
  const program = command.name()
  const show = (line: string) => terminal.note(line)
  const sinks: TraceSink[] = []
  let isWhole = true
  if (traceFile !== undefined) {
    const tellFailure = (error: Error) => {
      isWhole = false
      terminal.say('error', error.message)
    }
    sinks.push(new TraceFile(traceFile, { source: 'pynet', program }, tellFailure))
  }
  if (trace) sinks.push(new TraceLines(show))
  if (summary) sinks.push(new Summary(program, show, ownCost))
  const stop = observe(sinks)
  return () => {
    stop()
    return isWhole
  }
}
