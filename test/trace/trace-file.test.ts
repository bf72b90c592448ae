// The trace file: what is in it when, and that it harms neither its program nor another's trace.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { TraceCall } from '../../src/trace/format.ts'
import { parseTrace } from '../../src/trace/parse-trace.ts'
import { TraceFile, type TraceFileError } from '../../src/trace/trace-file.ts'
import { hasFile } from '../support/requirements.ts'

const folder = mkdtempSync(join(tmpdir(), 'pynet-trace-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newPath = () => join(folder, `trace-${++files}`)

const about = { source: 'pynet', program: 'echo-client' } as const
const remote = { host: '127.0.0.1', port: 2000 }
const refused: TraceCall = { call: 'connect', at: 1, blocked: 1, remote, error: 'ECONNREFUSED' }
const waiting: TraceCall = { call: 'connect', at: 2, waiting: true, remote }
const connected: TraceCall = { call: 'connect', at: 300, blocked: 298, socket: 1, remote }
const closed: TraceCall = { call: 'close', at: 301, blocked: 0.1, socket: 1, remote }

/** A trace to `path`, and what was told of its failure. */
function traceTo(path: string) {
  const failures: TraceFileError[] = []
  return { trace: new TraceFile(path, about, (error) => failures.push(error)), failures }
}

const callsIn = (path: string) => parseTrace(readFileSync(path, 'utf8'), path).calls

describe('a new file', () => {
  it('has its header at once, and each call before the program goes on', () => {
    const path = newPath()
    const { trace, failures } = traceTo(path)
    const { header } = parseTrace(readFileSync(path, 'utf8'), path)
    expect(header).toMatchObject({ version: 2, ...about, pid: process.pid })
    expect(Math.abs(Date.parse(header.startedAt) - performance.timeOrigin)).toBeLessThan(2)
    for (const [index, record] of [refused, connected, closed].entries()) {
      trace.write(record)
      expect(callsIn(path)).toEqual([refused, connected, closed].slice(0, index + 1))
    }
    trace.end()
    expect(failures).toEqual([])
  })

  it('can be of another process', () => {
    const path = newPath()
    const other = { source: 'watch', program: 'a.out', pid: 77, startedAt: 1_000_000 } as const
    new TraceFile(path, other, () => {}).end()
    const { header } = parseTrace(readFileSync(path, 'utf8'), path)
    expect(header).toMatchObject({ ...other, startedAt: '1970-01-01T00:16:40.000Z' })
  })
})

describe('an old file', () => {
  it('stays as it was when the program never connected', () => {
    const path = newPath()
    writeFileSync(path, 'old')
    const { trace } = traceTo(path)
    for (const record of [refused, waiting, refused]) trace.write(record)
    trace.end()
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  it('is replaced when a call succeeds, by all calls from the first', () => {
    const path = newPath()
    writeFileSync(path, 'old'.repeat(1000))
    const { trace } = traceTo(path)
    trace.write(refused)
    trace.write(waiting)
    trace.write(connected)
    expect(callsIn(path)).toEqual([refused, connected])
    trace.write(closed)
    trace.end()
    expect(callsIn(path)).toEqual([refused, connected, closed])
  })
})

describe('a file that another program has begun', () => {
  const headerOf = (pid: number, source: string, startedAt = Date.now()) => {
    const header = { format: 'pynet-trace', version: 2, source, program: 'str-server', pid }
    return `${JSON.stringify({ ...header, startedAt: new Date(startedAt).toISOString() })}\n`
  }

  /** A program that lives until the test has ended, with `path` as its standard output. */
  function living(path: string) {
    const output = openSync(path, 'a')
    const program = spawn('cat', { stdio: ['pipe', output, 'ignore'] })
    closeSync(output)
    onTestFinished(() => void program.kill())
    return program
  }

  it('is refused while that program lives, and free when it has ended', async () => {
    const path = newPath()
    const program = living(path)
    writeFileSync(path, headerOf(program.pid ?? 0, 'pynet'))
    const message = `cannot write the trace ${path}: str-server (process ${program.pid}) is writing it; choose another file`
    expect(() => traceTo(path)).toThrow(
      expect.objectContaining({ code: 'ERR_TRACE_IN_USE', message }),
    )
    program.stdin?.end()
    await once(program, 'exit')
    traceTo(path).trace.end()
  })

  it('is refused also when that happens while this one tries to connect', () => {
    const path = newPath()
    writeFileSync(path, 'old')
    const { trace, failures } = traceTo(path)
    trace.write(refused)
    const theirs = headerOf(living(path).pid ?? 0, 'pynet')
    writeFileSync(path, theirs)
    trace.write(connected)
    trace.end()
    expect(failures).toMatchObject([{ code: 'ERR_TRACE_IN_USE' }])
    expect(readFileSync(path, 'utf8')).toBe(theirs)
  })

  it.runIf(hasFile('/proc/self/stat', 'a process number that is used again'))(
    'is free when its process number now belongs to another program',
    () => {
      const path = newPath()
      const { pid = 0 } = living(newPath())
      // What `watch` writes is about another process than the one that has the file open.
      writeFileSync(path, headerOf(pid, 'watch'))
      expect(() => traceTo(path)).toThrow(/is writing it/)
      writeFileSync(path, headerOf(pid, 'watch', Date.now() - 3_600_000))
      traceTo(path).trace.end()
    },
  )
})

describe('a FIFO', () => {
  const many = Array.from({ length: 2000 }, (_, index) => ({ ...closed, at: index }))

  function newFifo() {
    const path = newPath()
    execFileSync('mkfifo', [path])
    return path
  }

  function readerOf(path: string) {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  it('that no program reads is an error before anything starts', () => {
    const path = newFifo()
    const message = `cannot write the trace ${path}: no program reads this pipe`
    expect(() => traceTo(path)).toThrow(expect.objectContaining({ code: 'ENXIO', message }))
  })

  it('gets every line although its reader is slow', async () => {
    const path = newFifo()
    const reader = readerOf(path)
    const { trace, failures } = traceTo(path)
    for (const record of many) trace.write(record)
    let text = ''
    const piece = Buffer.alloc(50_000)
    while (text.split('\n').length < many.length + 2) {
      text += piece.toString('utf8', 0, readSync(reader, piece))
      await pause(15)
    }
    trace.end()
    closeSync(reader)
    expect(parseTrace(text, path).calls).toEqual(many)
    expect(failures).toEqual([])
  })

  it('never holds the program up, and a trace that nobody takes fails at the end', () => {
    const path = newFifo()
    const reader = readerOf(path)
    const { trace, failures } = traceTo(path)
    for (const record of many) trace.write(record)
    expect(failures).toEqual([])
    trace.end()
    closeSync(reader)
    expect(failures).toMatchObject([{ message: expect.stringMatching(/does not take all of it$/) }])
  })

  it('whose reader is far behind, or leaves, ends the trace', () => {
    const path = newFifo()
    const reader = readerOf(path)
    const [far, left] = [traceTo(path), traceTo(path)]
    for (let times = 0; times < 30; times++) for (const record of many) far.trace.write(record)
    closeSync(reader)
    left.trace.write(closed)
    left.trace.write(closed)
    for (const { trace } of [far, left]) trace.end()
    expect(far.failures).toMatchObject([{ message: expect.stringMatching(/is too slow$/) }])
    expect(left.failures).toMatchObject([{ code: 'EPIPE' }])
  })
})

it.runIf(hasFile('/dev/full', 'a trace on a full disk'))(
  'a full disk is told once, and nothing more is written',
  () => {
    const { trace, failures } = traceTo('/dev/full')
    trace.write(connected)
    trace.end()
    expect(failures).toMatchObject([
      { code: 'ENOSPC', message: 'cannot write the trace /dev/full: no space left on device' },
    ])
  },
)
