// Whether a trace file is still being written by a program that lives.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { codeOf } from '../socket/index.ts'
import { TRACE_FORMAT, type TraceHeader } from './format.ts'

/** A header is shorter. */
const MAX_HEADER_BYTES = 4096
const TICKS_PER_SECOND = 100
const MS_PER_SECOND = 1000
/** A program's own start and its header's may differ by so much. */
const START_TOLERANCE_MS = 10_000

/** Returns the header of the trace that another living program is writing to this file. */
export function livingWriterOf(path: string): TraceHeader | undefined {
  const header = headerOf(path)
  if (header === undefined || header.pid === process.pid || !isAlive(header.pid)) return undefined
  // A process number may have been given to another program since. Linux can tell.
  const startedAt = startOf(header.pid) ?? Date.parse(header.startedAt)
  const isTheSame = Math.abs(startedAt - Date.parse(header.startedAt)) < START_TOLERANCE_MS
  return isTheSame ? header : undefined
}

function headerOf(path: string): TraceHeader | undefined {
  let file: number | undefined
  try {
    // Opening a pipe would wait for its other end.
    if (!statSync(path).isFile()) return undefined
    file = openSync(path, 'r')
    const bytes = Buffer.alloc(MAX_HEADER_BYTES)
    const [line = ''] = bytes.toString('utf8', 0, readSync(file, bytes)).split('\n')
    const header = JSON.parse(line) as TraceHeader
    return header.format === TRACE_FORMAT && Number.isSafeInteger(header.pid) ? header : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It belongs to another user.
    return codeOf(error) === 'EPERM'
  }
}

/** Returns when a process started, in milliseconds since 1970 (proc(5)); undefined off Linux. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; of what follows, starttime is the 20th field.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    const [uptime] = readFileSync('/proc/uptime', 'utf8').split(' ')
    const agoMs = (Number(uptime) - ticks / TICKS_PER_SECOND) * MS_PER_SECOND
    return Date.now() - agoMs
  } catch {
    return undefined
  }
}
