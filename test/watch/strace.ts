// Writes strace's output for a test, and says in short what the reader made of it.

import type { TraceCall } from '../../src/trace/format.ts'
import { type StraceListener, StraceReader } from '../../src/watch/strace-reader.ts'

/** The moment of the first line: a second of its own for every test to count from. */
const START_S = 1_795_655_349
const US_PER_S = 1_000_000
/** From one line to the next, and from the entry of a call to its return. */
const STEP_US = 1000
const TOOK = '<0.000100>'

/** What strace calls the ends of a connection, and a listener. */
export const clientEnd = 'TCP:[127.0.0.1:40000->127.0.0.1:2000]'
export const serverEnd = 'TCP:[127.0.0.1:2000->127.0.0.1:40000]'
export const listenerEnd = 'TCP:[0.0.0.0:2000]'
export const peer = '{sa_family=AF_INET, sin_port=htons(40000), sin_addr=inet_addr("127.0.0.1")}'
export const server = '{sa_family=AF_INET, sin_port=htons(2000), sin_addr=inet_addr("127.0.0.1")}'

export const begin = '1 execve("./program", ["./program"], 0x7ffd /* 3 vars */) = 0'
/** A program that has connected: socket 1 is descriptor 3. */
export const connected = `${begin}
  1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>
  1 connect(3<TCP:[100]>, ${server}, 16) = 0
  1 getpeername(3<${clientEnd}>, ${server}, [16]) = 0`

/**
 * The lines as strace writes them: a millisecond apart, strings in hex, and each return with the
 * time that the call took. A line that has its own `<0.5>` keeps it.
 */
export function strace(...texts: string[]): string {
  const lines = texts
    .join('\n')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return lines.map((line, index) => `${straceLine(line, index * STEP_US)}\n`).join('')
}

function straceLine(line: string, us: number): string {
  const [, thread = '', text = ''] = /^(\d+) (.*)$/.exec(line) ?? []
  const micros = String(us % US_PER_S).padStart(6, '0')
  const time = `${START_S + Math.floor(us / US_PER_S)}.${micros}`
  const inHex = text.replace(/"([^"]*)"/g, (_, string) => `"${hexString(string)}"`)
  const returns = /\)\s+= /.test(text) && !/ <\d+\.\d+>$/.test(text) && !text.endsWith('= ?')
  return `${thread} ${time} ${inHex}${returns ? ` ${TOOK}` : ''}`
}

function hexString(text: string): string {
  const bytes = Buffer.from(text, 'latin1').toString('hex')
  return bytes.replace(/../g, '\\x$&')
}

export interface ReadTrace {
  readonly records: readonly TraceCall[]
  readonly brief: readonly string[]
  readonly reader: StraceReader
}

/** What the reader makes of the whole text, however it is cut. */
export function read(text: string, chunks: readonly string[] = [text]): ReadTrace {
  const { reader, records } = listen()
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return { records, reader, brief: records.map(brief) }
}

/** A reader, and the records that it tells. */
export function listen(listener: Partial<StraceListener> = {}): {
  readonly reader: StraceReader
  readonly records: TraceCall[]
} {
  const records: TraceCall[] = []
  const reader = new StraceReader({
    onStarted() {},
    onRecord: (record) => records.push(record),
    onStopped() {},
    onContinued() {},
    lookUp: () => new Map(),
    ...listener,
  })
  return { reader, records }
}

/** Microseconds since 1970, so many milliseconds after the first line. */
export function moment(ms: number): number {
  return START_S * US_PER_S + ms * STEP_US
}

/** `2: recv #1 3@0 "abc"`: the thread where it is not the first, the socket, bytes and offset. */
export function brief(record: TraceCall): string {
  const { call, socket, process, bytes, offset, head, asked, wouldBlock, waiting, error } = record
  const text = head === undefined ? undefined : `"${Buffer.from(head, 'hex').toString('latin1')}"`
  const words = [
    process === undefined ? undefined : `${process}:`,
    call,
    socket === undefined ? undefined : `#${socket}`,
    waiting ? '…' : undefined,
    bytes === undefined ? undefined : `${bytes}${offset === undefined ? '' : `@${offset}`}`,
    asked === undefined ? undefined : `of ${asked}`,
    text,
    wouldBlock === undefined ? undefined : `×${wouldBlock}`,
    error,
  ]
  return words.filter((word) => word !== undefined).join(' ')
}
