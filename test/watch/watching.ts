// Runs a program under `pynet watch`, and checks its trace against the bytes that really went.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { arrowsOf } from '../../src/ladder/arrows.ts'
import { buildLadder } from '../../src/ladder/build.ts'
import { isReceiving, isSending, type Trace, type TraceCall } from '../../src/trace/format.ts'
import { parseTrace } from '../../src/trace/parse-trace.ts'
import { probe } from '../../src/watch/strace.ts'
import { type RunningProcess, type StartOptions, startPynet } from '../support/processes.ts'
import { python, reportMissing } from '../support/requirements.ts'

const programs = fileURLToPath(new URL('programs/', import.meta.url))
const peers = fileURLToPath(new URL('../interop/peers/', import.meta.url))

/** Says whether programs can be traced here; what is missing is printed. */
export function canWatch(group: string): boolean {
  try {
    probe()
    return true
  } catch (error) {
    reportMissing(`tracing (${(error as Error).message})`, group)
    return false
  }
}

export const programPath = (name: string) => join(programs, name)
export const peer = (name: string, ...words: readonly (string | number)[]) =>
  python(join(peers, `${name}.py`), ...words)
export const program = (name: string, ...words: readonly (string | number)[]) =>
  python(join(programs, name), ...words)

export interface Watched extends RunningProcess {
  readonly traceFile: string
  /** The trace as it is now. */
  trace(): Trace
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function startWatched(words: readonly string[], options: StartOptions = {}): Watched {
  const traceFile = join(temporaryFolder(), 'trace.ndjson')
  const watch = ['watch', '--quiet', '--trace-file', traceFile, '--', ...words]
  const running = startPynet(...watch, { stdin: 'pipe', ...options, ownGroup: true })
  const trace = () => parseTrace(readFileSync(traceFile, 'utf8'), 'trace')
  return Object.assign(running, { traceFile, trace })
}

/** The names of the calls, in order; would-blocks and waits, which depend on the machine, left out. */
export function names(calls: readonly TraceCall[]): string[] {
  return calls
    .filter(({ wouldBlock, waiting, call }) => !wouldBlock && !waiting && call !== 'select')
    .map(({ call, error }) => (error === undefined ? call : `${call} ${error}`))
}

/** The calls on the socket whose other end has this port. */
export function callsWith(trace: Trace, port: number): TraceCall[] {
  return trace.calls.filter(({ remote }) => remote?.port === port)
}

/** Checks that the calls sent and received exactly these streams, without a gap. */
export function expectStreams(
  calls: readonly TraceCall[],
  { sent, received }: { sent: Uint8Array; received: Uint8Array },
): void {
  expect(new Set(calls.map(({ socket }) => socket)).size).toBe(1)
  expectStream(
    calls.filter(({ call }) => isSending(call)),
    Buffer.from(sent),
  )
  expectStream(
    calls.filter(({ call }) => isReceiving(call)),
    Buffer.from(received),
  )
}

function expectStream(calls: readonly TraceCall[], stream: Buffer): void {
  let end = 0
  for (const { bytes = 0, offset = end, head } of calls) {
    expect(offset).toBe(end)
    end += bytes
    if (head === undefined) continue
    expect(stream.subarray(offset, Math.min(offset + 32, end)).toString('hex')).toBe(head)
  }
  expect(end).toBe(stream.length)
}

/**
 * Joins both ends in a ladder. Returns, for each connection, how many bytes went from a known send
 * to a known receive: first towards the end that accepted, then back.
 */
export function joinedBytes(...traces: readonly Trace[]): (readonly [number, number])[] {
  return buildLadder(traces).connections.map((connection) => {
    const [opener] = connection.ends
    const data = arrowsOf(connection).filter(({ kind, cause, effect }) => {
      return kind === 'data' && cause !== undefined && effect !== undefined
    })
    const total = (arrows: typeof data) => arrows.reduce((sum, one) => sum + one.end - one.begin, 0)
    const isForth = ({ from }: (typeof data)[number]) => from === opener.lane
    return [total(data.filter(isForth)), total(data.filter((one) => !isForth(one)))]
  })
}
