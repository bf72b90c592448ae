// Reads a trace file and checks every line of it, so that what draws it can rely on it.

import { HEAD_BYTES } from '../calls.ts'
import type { Address } from '../socket/address.ts'
import {
  isReceiving,
  TRACE_FORMAT,
  TRACE_VERSION,
  type Trace,
  type TraceCall,
  type TraceHeader,
} from './format.ts'

/** What is wrong with a trace: `ERR_TRACE_FORMAT`, `ERR_TRACE_VERSION` or `ERR_TRACE_MISMATCH`. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Fields = Record<string, unknown>

const MAX_PORT = 65_535
const HEAD = new RegExp(`^([0-9a-f]{2}){1,${HEAD_BYTES}}$`, 'i')

/**
 * The trace that `text` holds. A last line without its newline that is no JSON is what a killed
 * program leaves: it is left out, and `isCutShort` says so.
 *
 * Throws TraceError, which names the file (`name`) and the line: not JSON, another format or
 * version, a field missing or of a wrong type, bytes that do not follow those before them.
 */
export function parseTrace(text: string, name: string): Trace {
  const lines = text.split('\n')
  const tail = lines.pop() ?? ''
  const isCutShort = tail !== '' && !isJson(tail)
  if (tail !== '' && !isCutShort) lines.push(tail)
  const [first, ...rest] = lines
  if (first === undefined) {
    const what = tail === '' ? 'it is empty' : 'its first line is cut short'
    throw new TraceError('ERR_TRACE_FORMAT', `${name} is not a pynet trace: ${what}`)
  }
  const header = readHeader(first, name)
  const streams = new Map<string, number>()
  const calls = rest.map((line, index) => {
    // Lines are counted from 1, and the header is the first.
    const problem = (what: string) => formatError(name, index + 2, what)
    const call = readCall(fieldsOf(line, problem), problem)
    followStream(call, streams, problem)
    return call
  })
  return { name, header, calls, isCutShort }
}

type Problem = (what: string) => TraceError

function formatError(name: string, line: number, what: string): TraceError {
  return new TraceError('ERR_TRACE_FORMAT', `${name}, line ${line}: ${what}`)
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

function fieldsOf(line: string, problem: Problem): Fields {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw problem('this is not JSON')
  }
  if (!isObject(value)) throw problem('this is not a JSON object')
  return value
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readHeader(line: string, name: string): TraceHeader {
  const problem = (what: string) => formatError(name, 1, what)
  const fields = fieldsOf(line, (what) => problem(`not the header of a pynet trace: ${what}`))
  if (fields.format !== TRACE_FORMAT) {
    throw problem(`not the header of a pynet trace: "format" is not "${TRACE_FORMAT}"`)
  }
  if (fields.version !== 1 && fields.version !== TRACE_VERSION) {
    const version = JSON.stringify(fields.version) ?? 'no version'
    const message = `${name} is of version ${version} of the format; this pynet reads version ${TRACE_VERSION}`
    throw new TraceError('ERR_TRACE_VERSION', message)
  }
  if (!isText(fields.program)) throw problem('"program" must be the name of a program')
  if (!isWhole(fields.pid, 1)) throw problem('"pid" must be a process id')
  if (!isText(fields.startedAt) || Number.isNaN(Date.parse(fields.startedAt))) {
    throw problem('"startedAt" must be a time such as 2026-11-24T04:30:00.000Z')
  }
  return fields as unknown as TraceHeader
}

/** Each field's check, and the words for what it must be. */
const FIELDS: [name: keyof TraceCall, isRight: (value: unknown) => boolean, must: string][] = [
  ['call', isText, 'the name of a call'],
  ['at', isDuration, 'a number of milliseconds'],
  ['blocked', isDuration, 'a number of milliseconds'],
  ['socket', (value) => isWhole(value, 1), 'a whole number from 1'],
  ['local', isAddress, 'an address such as {"host":"127.0.0.1","port":2000}'],
  ['remote', isAddress, 'an address such as {"host":"127.0.0.1","port":2000}'],
  ['bytes', (value) => isWhole(value, 0), 'a whole number of bytes'],
  ['offset', (value) => isWhole(value, 0), 'a whole number of bytes'],
  ['wouldBlock', (value) => isWhole(value, 1), 'a whole number from 1'],
  ['head', (value) => isText(value) && HEAD.test(value), `hex of 1 to ${HEAD_BYTES} bytes`],
  ['error', isText, "an error's code"],
]

function readCall(fields: Fields, problem: Problem): TraceCall {
  for (const [name, isRight, must] of FIELDS) {
    const isNeeded = name === 'call' || name === 'at' || name === 'blocked'
    if (isNeeded && !(name in fields)) throw problem(`"${name}" is missing`)
    if (name in fields && !isRight(fields[name])) throw problem(`"${name}" must be ${must}`)
  }
  const call = fields as unknown as TraceCall
  const missing = missingField(call)
  if (missing !== undefined) throw problem(`${call.call} without "${missing}"`)
  return call
}

/** Which fields a call must have depends on the call, and on how it ended. */
function missingField(call: TraceCall): keyof TraceCall | undefined {
  if (call.call === 'keyboard') return undefined
  const hasFailed = call.error !== undefined
  const needed: (keyof TraceCall)[] = []
  if (call.call === 'connect') needed.push('remote')
  // Where no socket came to be, there is no number.
  const isStart = call.call === 'connect' || call.call === 'listen'
  if (!hasFailed || !isStart) needed.push('socket')
  if (!hasFailed) needed.push('local')
  if (call.call === 'accept' && !hasFailed) needed.push('remote')
  if (call.call === 'sendAll' || isReceiving(call.call)) {
    needed.push('remote')
    const isEmptyHanded = hasFailed || (call.call === 'tryRecv' && call.wouldBlock !== undefined)
    if (!isEmptyHanded || call.bytes !== undefined) needed.push('bytes', 'offset')
  }
  return needed.find((name) => call[name] === undefined)
}

/** The bytes of a direction follow one another without a gap: that is what a stream is. */
function followStream(call: TraceCall, streams: Map<string, number>, problem: Problem): void {
  const { bytes, offset, socket } = call
  if (call.call === 'keyboard' || bytes === undefined || offset === undefined) return
  const stream = `${call.call === 'sendAll' ? 'sent' : 'received'} on socket ${socket}`
  const expected = streams.get(stream) ?? 0
  if (offset !== expected) {
    throw problem(`"offset" is ${offset}, but ${expected} bytes were ${stream} before`)
  }
  streams.set(stream, offset + bytes)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isWhole(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min
}

function isDuration(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}

function isAddress(value: unknown): value is Address {
  if (!isObject(value)) return false
  return isText(value.host) && isWhole(value.port, 0) && (value.port as number) <= MAX_PORT
}
