// Runs a program under strace and passes its calls on to sinks: lines for people, a file, a summary.
import { once } from 'node:events'
import type { TraceSink } from '../trace/format.ts'
import type { Ending } from './call-reader.ts'
import { type Command, notExecutable } from './command.ts'
import { WatchError } from './errors.ts'
import { Fifo } from './fifo.ts'
import { takeSignals } from './signals.ts'
import { startStrace } from './strace.ts'
import { StraceReader } from './strace-reader.ts'
import { lookUpTcp } from './tcp-look-up.ts'

/** A call that waits is told 100 to 150 ms after its begin. */
const LOOK_EVERY_MS = 50
const US_PER_MS = 1000

export interface WatchListener {
  /** The program runs, in this process and since this moment (milliseconds since 1970). */
  onStarted(pid: number, startedAt: number): void
  /** Resolves when there is room for more records. */
  room(): Promise<void>
}

/**
 * Resolves when the last process of the program has ended, with how the first one did. Its stdin,
 * stdout and stderr are ours. Rejects with WatchError if the system does not start it.
 */
export async function watch(
  { words, program }: Command,
  sinks: readonly TraceSink[],
  listener: WatchListener,
): Promise<Ending> {
  const fifo = new Fifo()
  let pid = 0
  const reader = new StraceReader({
    onStarted(startedPid, startedUs) {
      pid = startedPid
      listener.onStarted(pid, startedUs / US_PER_MS)
      signals.started()
    },
    onRecord(record) {
      for (const sink of sinks) sink.write(record)
    },
    onStopped: (signal) => signals.stopped(pid, signal),
    onContinued: () => signals.continued(),
    lookUp: (inodes) => lookUpTcp(reader.processes, inodes),
  })
  // The first process is the program; when it has ended, what it has left behind is.
  const signals = takeSignals(() => (reader.ending === undefined ? [pid] : reader.processes))
  const strace = startStrace(words, fifo.path)
  const ended = once(strace, 'exit').catch(() => {})
  void ended.then(() => fifo.opened())
  const timer = setInterval(() => reader.look(Date.now() * US_PER_MS), LOOK_EVERY_MS)
  try {
    for await (const chunk of fifo.stream) {
      fifo.opened()
      reader.push(chunk)
      await listener.room()
    }
    await ended
  } finally {
    clearInterval(timer)
    reader.end()
    signals.end()
  }
  const { startError } = reader
  if (startError !== undefined) throw notExecutable(program, startError, startError)
  if (reader.ending === undefined) throw new WatchError('strace ended before the program')
  return reader.ending
}
