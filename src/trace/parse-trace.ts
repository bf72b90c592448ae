// Reads a trace file and checks every line of it, so that what draws it can rely on it.
import { type Address, HEAD_BYTES } from '../calls.ts'
import {
  isReceiving,
  isSending,
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
type Problem = (what: string) => TraceError

const FIRST_VERSION = 1
const MAX_PORT = 65_535
const HEAD = new RegExp(`^([0-9a-f]{2}){1,${HEAD_BYTES}}$`, 'i')
/** Some editors and shells begin a file with it. */
const BYTE_ORDER_MARK = '\ufeff'
/** Every header has it as our programs write it, and no call can. */
const HEADER_MARK = `"format":"${TRACE_FORMAT}"`

/**
 * Returns the trace that `text` holds, of version 1 or 2. A last line without its newline that is
 * not JSON is what a killed program leaves: it is left out, and `isCutShort` says so. A call that
 * waited and then returned is one call; one that never returned keeps `waiting`.
 *
 * Throws TraceError, which names the file (`name`) and the line: not JSON, another format or
 * version, a field missing or of a wrong type, bytes that do not follow those before them, a second
 * trace in the same file.
 */
export function parseTrace(text: string, name: string): Trace {
  const content = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  const lines = content.split('\n')
  const tail = lines.pop() ?? ''
  const isCutShort = tail.trim() !== '' && !isJson(tail)
  if (!isCutShort) lines.push(tail)
  const [first, ...rest] = lines
  if (first === undefined || content.trim() === '') {
    const what = tail === '' ? 'it is empty' : 'its first line is cut short'
    throw new TraceError('ERR_TRACE_FORMAT', `${name} is not a pynet trace: ${what}`)
  }
  const header = readHeader(first, name)
  const streams = new Map<string, number>()
  const calls: TraceCall[] = []
  for (const [index, line] of rest.entries()) {
    if (line.trim() === '') continue
    // Lines are counted from 1, and the header is the first.
    const problem = (what: string) => formatError(name, index + 2, what)
    if (line.includes(HEADER_MARK)) {
      throw problem('a second trace begins here: give each program a trace file of its own')
    }
    const call = readCall(fieldsOf(line, problem), problem)
    followStream(call, streams, problem)
    calls.push(call)
  }
  return { name, header, calls: withoutReturned(calls), isCutShort }
}

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
  const { format, version, program, pid, startedAt } = fields
  // The first version knew no other source.
  const source = fields.source ?? 'pynet'
  if (format !== TRACE_FORMAT) {
    throw problem(`not the header of a pynet trace: "format" is not "${TRACE_FORMAT}"`)
  }
  if (version !== FIRST_VERSION && version !== TRACE_VERSION) {
    const found = typeof version === 'object' ? 'unknown' : JSON.stringify(version)
    const message = `${name} is of version ${found} of the format; this pynet reads versions ${FIRST_VERSION} and ${TRACE_VERSION}`
    throw new TraceError('ERR_TRACE_VERSION', message)
  }
  if (!isText(source)) throw problem('"source" must be "pynet", "watch" or "relay"')
  if (!isText(program)) throw problem('"program" must be the name of a program')
  if (!isWhole(pid, 1)) throw problem('"pid" must be a process id')
  if (!isText(startedAt) || Number.isNaN(Date.parse(startedAt))) {
    throw problem('"startedAt" must be a time such as 2026-11-24T04:30:00.000Z')
  }
  return { ...fields, source } as TraceHeader
}

/** Each field's check, and the words for what it must be. */
const FIELDS: [name: keyof TraceCall, isRight: (value: unknown) => boolean, must: string][] = [
  ['call', isText, 'the name of a call'],
  ['at', isDuration, 'a number of milliseconds'],
  ['blocked', isDuration, 'a number of milliseconds'],
  ['waiting', (value) => value === true, 'true, or left out'],
  ['socket', (value) => isWhole(value, 1), 'a whole number from 1'],
  ['local', isAddress, 'an address such as {"host":"127.0.0.1","port":2000}'],
  ['remote', isAddress, 'an address such as {"host":"127.0.0.1","port":2000}'],
  ['bytes', (value) => isWhole(value, 0), 'a whole number of bytes'],
  ['offset', (value) => isWhole(value, 0), 'a whole number of bytes'],
  ['asked', (value) => isWhole(value, 0), 'a whole number of bytes'],
  ['wouldBlock', (value) => isWhole(value, 1), 'a whole number from 1'],
  ['process', (value) => isWhole(value, 1), 'a process id'],
  ['head', (value) => isText(value) && HEAD.test(value), `hex of 1 to ${HEAD_BYTES} bytes`],
  ['error', isText, "an error's code"],
]

function readCall(fields: Fields, problem: Problem): TraceCall {
  for (const [name, isRight, must] of FIELDS) {
    if (name in fields && !isRight(fields[name])) throw problem(`"${name}" must be ${must}`)
  }
  const call = fields as unknown as TraceCall
  const missing = neededFields(call).find((name) => call[name] === undefined)
  if (missing === undefined) return call
  throw problem(missing === 'call' ? '"call" is missing' : `${call.call} without "${missing}"`)
}

/** Returns the fields that a call must have: this depends on the call, and on how it ended. */
function neededFields(call: TraceCall): (keyof TraceCall)[] {
  const always: (keyof TraceCall)[] = ['call', 'at']
  if (call.waiting) return always
  const returned: (keyof TraceCall)[] = [...always, 'blocked']
  const isTransfer = isSending(call.call) || isReceiving(call.call)
  const isEmptyHanded = call.error !== undefined || call.wouldBlock !== undefined
  const hasBytes = isTransfer && (!isEmptyHanded || call.bytes !== undefined)
  return hasBytes ? [...returned, 'socket', 'bytes', 'offset'] : returned
}

/** The bytes of a direction follow one another without a gap: that is what a stream is. */
function followStream(call: TraceCall, streams: Map<string, number>, problem: Problem): void {
  const { bytes, offset, socket } = call
  const isSent = isSending(call.call)
  if (bytes === undefined || offset === undefined || !(isSent || isReceiving(call.call))) return
  const stream = `${isSent ? 'sent' : 'received'} on socket ${socket}`
  const expected = streams.get(stream) ?? 0
  if (offset !== expected) {
    throw problem(`"offset" is ${offset}, but ${expected} bytes were ${stream} before`)
  }
  streams.set(stream, offset + bytes)
}

/** Start times in a trace are rounded, and agree to this. */
const ROUNDING_MS = 0.01

/** Returns the calls, but of one that waited and then returned only the return. */
function withoutReturned(calls: TraceCall[]): TraceCall[] {
  const waiting = new Map<string, TraceCall[]>()
  const keyOf = (call: TraceCall) => {
    return `${call.call} ${call.process} ${changesSocket(call) ? '' : call.socket}`
  }
  const returned = new Set<TraceCall>()
  for (const call of calls) {
    if (!call.waiting && waiting.size === 0) continue
    const own = waiting.get(keyOf(call)) ?? []
    if (call.waiting) {
      own.push(call)
      waiting.set(keyOf(call), own)
      continue
    }
    const start = call.at - (call.blocked ?? 0)
    const index = own.findIndex(({ at }) => Math.abs(at - start) < ROUNDING_MS)
    for (const found of index < 0 ? [] : own.splice(index, 1)) returned.add(found)
  }
  return returned.size === 0 ? calls : calls.filter((call) => !returned.has(call))
}

/** An accept begins on the listener and returns a new socket; a connect may begin without one. */
function changesSocket({ call }: TraceCall): boolean {
  return call === 'accept' || call === 'connect' || call === 'select'
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
