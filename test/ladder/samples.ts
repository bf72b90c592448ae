// Traces as the programs write them, made by hand: what each shows is known to the byte.

import { HEAD_BYTES } from '../../src/calls.ts'
import type { Address } from '../../src/index.ts'
import {
  isReceiving,
  TRACE_FORMAT,
  TRACE_VERSION,
  type Trace,
  type TraceCall,
  type TraceCallName,
} from '../../src/trace/format.ts'
import { parseTrace } from '../../src/trace/parse-trace.ts'

export const serverAddress = { host: '127.0.0.1', port: 2000 }
const start = Date.parse('2026-11-24T04:30:00.000Z')

/** Collects the calls of one program. */
export class SampleTrace {
  readonly name: string
  readonly #lines: string[]
  #sockets = 0

  constructor(
    program: string,
    pid: number,
    { startedMs = 0, name = `${program}.ndjson`, source = 'pynet' } = {},
  ) {
    this.name = name
    const startedAt = new Date(start + startedMs).toISOString()
    const header = { format: TRACE_FORMAT, version: TRACE_VERSION, source, program, pid, startedAt }
    this.#lines = [JSON.stringify(header)]
  }

  add(call: TraceCallName, at: number, blocked: number, fields: Partial<TraceCall> = {}): void {
    this.#lines.push(JSON.stringify({ call, at, blocked, ...fields }))
  }

  /** A call that has not returned. */
  waits(call: TraceCallName, at: number, fields: Partial<TraceCall> = {}): void {
    this.#lines.push(JSON.stringify({ call, at, waiting: true, ...fields }))
  }

  /** Without `typed`: the end of input. */
  keyboard(at: number, blocked: number, typed?: string): void {
    const bytes = Buffer.from(typed ?? '')
    const fields = typed === undefined ? {} : { bytes: bytes.length, ...headOf(bytes) }
    this.add('keyboard', at, blocked, fields)
  }

  listen(at: number, local: Address = serverAddress): void {
    this.add('listen', at, 0.4, { socket: ++this.#sockets, local })
  }

  /** A socket that `call` gave, or one without the call. */
  socket(call: 'connect' | 'accept', at: number, blocked: number, ends: Ends): SampleSocket {
    const socket = new SampleSocket(this, ++this.#sockets, ends)
    socket.add(call, at, blocked)
    return socket
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  get trace(): Trace {
    return parseTrace(this.text, this.name)
  }
}

interface Ends {
  local: Address
  remote: Address
}

/** A socket of a sample, which counts its bytes. */
export class SampleSocket {
  readonly #trace: SampleTrace
  readonly #fields: { socket: number } & Ends
  #sent = 0
  #received = 0

  constructor(trace: SampleTrace, number: number, ends: Ends) {
    this.#trace = trace
    this.#fields = { socket: number, ...ends }
  }

  add(call: TraceCallName, at: number, blocked: number, fields: Partial<TraceCall> = {}): void {
    this.#trace.add(call, at, blocked, { ...this.#fields, ...fields })
  }

  /** A call that has not returned. */
  waits(call: TraceCallName, at: number): void {
    this.#trace.waits(call, at, this.#fields)
  }

  /** A call that sends or receives; no bytes are the end of data. */
  data(
    call: TraceCallName,
    at: number,
    blocked: number,
    data: string | Uint8Array = '',
    fields: Partial<TraceCall> = {},
  ): void {
    const bytes = Buffer.from(data)
    const offset = isReceiving(call) ? this.#received : this.#sent
    if (isReceiving(call)) this.#received += bytes.length
    else this.#sent += bytes.length
    this.add(call, at, blocked, { bytes: bytes.length, offset, ...headOf(bytes), ...fields })
  }
}

function headOf(bytes: Buffer): { head?: string } {
  return bytes.length === 0 ? {} : { head: bytes.toString('hex', 0, HEAD_BYTES) }
}

export function client(port: number): Ends {
  return { local: { host: '127.0.0.1', port }, remote: serverAddress }
}

export function served(port: number): Ends {
  return { local: serverAddress, remote: { host: '127.0.0.1', port } }
}

/** `abc`, and Enter at the server after two seconds: two copies. */
export function echoSession(): { client: SampleTrace; server: SampleTrace } {
  const server = new SampleTrace('echo-server', 4240)
  const client_ = new SampleTrace('echo-client', 4242, { startedMs: 1100 })
  server.listen(21.304)
  const there = client_.socket('connect', 105.1, 0.812, client(40312))
  const here = server.socket('accept', 1206.2, 1184.871, served(40312))
  there.data('sendAll', 106.3, 0.21, 'abc')
  here.data('recv', 1207.9, 0.94, 'abc')
  server.keyboard(3207.912, 2000, '')
  here.data('sendAll', 3208.3, 0.2, 'abcabc')
  there.data('recv', 2109.1, 2002.1, 'abcabc')
  here.add('shutdown', 3208.9, 0.05)
  there.data('recv', 2109.9, 0.3)
  there.add('close', 2111.2, 0.9)
  here.data('recv', 3212.1, 2.9)
  here.add('close', 3213.4, 0.2)
  server.add('close', 3213.9, 0.3, { socket: 1, local: serverAddress })
  return { client: client_, server }
}

/** A megabyte and a half, echoed four times, through buffers of the operating system. */
export function bulkEcho({ copies = 4, size = 1_500_000 } = {}): {
  client: SampleTrace
  server: SampleTrace
} {
  const server = new SampleTrace('echo-server', 4240)
  const client_ = new SampleTrace('echo-client', 4242, { startedMs: 1100 })
  const bytes = Buffer.alloc(size, 'to be or not to be, that is the question: ')
  server.listen(21.304)
  const there = client_.socket('connect', 105.1, 0.812, client(40312))
  const here = server.socket('accept', 1206.2, 1184.871, served(40312))
  let now = 1210
  for (let begin = 0; begin < size; begin += 65_536) {
    now += 1.3
    here.data('recv', now, 1.2, bytes.subarray(begin, begin + 65_536))
  }
  there.data('sendAll', now - 1100 + 0.4, now - 1206, bytes)
  there.add('shutdown', now - 1099.5, 0.05)
  here.data('recv', now + 0.9, 0.3)
  let received = 0
  for (let copy = 0; copy < copies; copy++) {
    const begin = now
    while (received < (copy + 1) * size) {
      now += 0.7
      const chunk = Math.min(200_000, (copy + 1) * size - received)
      received += chunk
      there.data('recv', now - 1100 + 0.2, 0.65, bytes.subarray(0, chunk))
    }
    here.data('sendAll', now, now - begin - 0.1, bytes)
  }
  here.add('shutdown', now + 0.4, 0.03)
  there.data('recv', now - 1099, 0.3)
  there.add('close', now - 1098, 0.9)
  here.add('close', now + 3, 0.4)
  server.add('close', now + 3.5, 0.3, { socket: 1, local: serverAddress })
  return { client: client_, server }
}

/** Two clients that take turns; the server looks at each without waiting. */
export function strSession(): { ann: SampleTrace; bob: SampleTrace; server: SampleTrace } {
  const server = new SampleTrace('str-server', 4250)
  const ann = new SampleTrace('str-client', 4251, { startedMs: 500, name: 'ann.ndjson' })
  const bob = new SampleTrace('str-client', 4252, { startedMs: 900, name: 'bob.ndjson' })
  server.listen(20)
  const annThere = ann.socket('connect', 60, 0.7, client(40320))
  const annHere = server.socket('accept', 561, 540, served(40320))
  const bobThere = bob.socket('connect', 62, 0.6, client(40321))
  const bobHere = server.socket('accept', 963, 401, served(40321))
  server.add('close', 963.5, 0.1, { socket: 1, local: serverAddress })

  const letter = (
    who: SampleTrace,
    there: SampleSocket,
    here: SampleSocket,
    at: number,
    own: number,
    v: string,
  ) => {
    who.keyboard(at - own, 1000, v.at(-1) ?? '')
    there.data('sendAll', at - own + 0.3, 0.2, v.slice(-1))
    here.data('tryRecv', at + 1, 0.02, v.slice(-1))
    here.data('sendAll', at + 1.2, 0.1, v)
    there.data('recv', at - own + 2.1, 1.7, v)
  }
  letter(ann, annThere, annHere, 2100, 500, 'a')
  server.add('tryRecv', 2101.3, 0.02, { socket: 3, ...served(40321), wouldBlock: 3 })
  letter(bob, bobThere, bobHere, 2700, 900, 'ab')
  letter(ann, annThere, annHere, 3400, 500, 'abu')
  ann.keyboard(3500, 590, '')
  annThere.add('close', 3501, 0.6)
  annHere.data('tryRecv', 4002, 0.02)
  annHere.add('close', 4002.5, 0.2)
  bob.keyboard(3900, 2090)
  bobThere.add('close', 3901, 0.6)
  bobHere.data('tryRecv', 4802, 0.02)
  bobHere.add('close', 4802.5, 0.2)
  return { ann, bob, server }
}

/** `ps`: the server sends the output in one piece, the client reads it in lines. */
export function wpsSession(lines = 4): { client: SampleTrace; server: SampleTrace } {
  const server = new SampleTrace('wps-server', 4260)
  const client_ = new SampleTrace('wps-client', 4262, { startedMs: 300 })
  server.listen(19, { host: '::', port: 2000 })
  const there = client_.socket('connect', 55, 0.7, client(40330))
  const here = server.socket('accept', 356, 336, served(40330))
  there.data('sendAll', 56, 0.2, 'ps')
  here.data('recv', 357, 0.6, 'ps')
  const output = ['    PID TTY          TIME CMD\n']
  for (let pid = 1; pid < lines; pid++)
    output.push(`${String(pid * 17).padStart(7)} pts/0    00:00:00 bash\n`)
  here.data('sendAll', 380, 0.3, output.join(''))
  output.forEach((line, index) => {
    there.data('readLine', 81 + index * 0.05, index === 0 ? 24.8 : 0.02, line)
  })
  here.add('shutdown', 380.5, 0.02)
  there.data('readLine', 90, 0.2)
  there.add('close', 91, 0.4)
  here.add('close', 392, 0.8)
  server.add('close', 392.6, 0.3, { socket: 1, local: serverAddress })
  return { client: client_, server }
}

/** A server that gives up one wait, and is ended by Ctrl-C while it waits for two other things. */
export function endedSession(): { client: SampleTrace; server: SampleTrace } {
  const server = new SampleTrace('wps-server', 4270)
  const client_ = new SampleTrace('wps-client', 4272, { startedMs: 300 })
  server.listen(19)
  const there = client_.socket('connect', 55, 0.7, client(40340))
  const here = server.socket('accept', 356, 336, served(40340))
  there.data('sendAll', 56, 0.2, 'ps')
  here.data('recv', 357, 0.6, 'ps')
  here.add('recv', 380, 20, { error: 'ERR_ABORTED' })
  here.add('recv', 900, 500, { error: 'ERR_SOCKET_CLOSED' })
  here.add('close', 901, 1.2)
  there.data('recv', 602, 500)
  there.add('close', 603, 0.3)
  server.add('accept', 902, 545, {
    socket: 1,
    local: serverAddress,
    error: 'ERR_SOCKET_CLOSED',
  })
  server.add('close', 902.5, 1, { socket: 1, local: serverAddress })
  return { client: client_, server }
}
