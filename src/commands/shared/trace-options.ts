// The options with which every program shows its own calls.
import type { Command } from 'commander'

export interface TraceOptions {
  trace?: boolean
  traceFile?: string
  summary?: boolean
}

export function addTraceOptions(command: Command): Command {
  return command
    .option('--trace', 'show each call on stderr when it returns, or after 0.1 s if it waits')
    .option('--trace-file <path>', 'write the calls to a file, as NDJSON')
    .option('--summary', 'show on stderr, at the end, what the calls came to')
}
