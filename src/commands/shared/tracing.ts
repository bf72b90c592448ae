// Starts what the trace options ask for; loaded only when one of them is given.
import type { Terminal } from '../../terminal/terminal.ts'
import type { TraceSink, TraceSource } from '../../trace/format.ts'
import { observe } from '../../trace/observe.ts'
import { ownCost, Summary } from '../../trace/summary.ts'
import { TraceFile } from '../../trace/trace-file.ts'
import { traceLines } from '../../trace/trace-lines.ts'
import type { TraceOptions } from './trace-options.ts'

/** Ends a trace; returns whether all of it was written. */
export type EndTrace = () => boolean

/** Returns the way to end the trace. Throws TraceFileError where the file cannot be written. */
export function startTracing(
  program: string,
  { trace, traceFile, summary }: TraceOptions,
  terminal: Terminal,
  source: TraceSource = 'pynet',
): EndTrace {
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
  if (trace) sinks.push(traceLines(show))
  if (summary) sinks.push(new Summary(program, show, ownCost))
  const stop = observe(sinks)
  return () => {
    stop()
    return isWhole
  }
}
