// Sessions at random: true streams in both directions, cut by each end as chance will have it.
import fc from 'fast-check'
import type { TraceCall } from '../../src/trace/format.ts'
import { client, type SampleSocket, SampleTrace, served } from './samples.ts'

/** A step of one direction: so many bytes are sent, or so many at most are received. */
const step = fc.record({
  connection: fc.nat(2),
  isToServer: fc.boolean(),
  isSend: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 900 }),
  blocked: fc.constantFrom(0, 0.4, 0.999, 1, 7.5),
})

function sessions(minSteps: number, maxSteps: number) {
  return fc
    .record({
      clients: fc.integer({ min: 1, max: 3 }),
      steps: fc.array(step, { minLength: minSteps, maxLength: maxSteps }),
      seed: fc.nat(250),
      /** The clocks of the machines differ by up to three hours. */
      skews: fc.array(fc.integer({ min: -MAX_SKEW_MS, max: MAX_SKEW_MS }), {
        minLength: 4,
        maxLength: 4,
      }),
      isDrained: fc.boolean(),
    })
    .map(play)
}

const MAX_SKEW_MS = 10_000_000

export const randomSession = sessions(0, 60)
/** Many calls of each kind, so that there is something to sum up. */
export const longSession = sessions(150, 300)

export interface Stream {
  /** All that was sent in one direction, and how much of it was received. */
  sent: Buffer
  received: number
}

export interface Session {
  server: SampleTrace
  clients: SampleTrace[]
  /** By the client's port: to the server, and from it. */
  streams: Map<number, { toServer: Stream; toClient: Stream }>
}

interface Play {
  clients: number
  steps: {
    connection: number
    isToServer: boolean
    isSend: boolean
    bytes: number
    blocked: number
  }[]
  seed: number
  skews: number[]
  isDrained: boolean
}

const FIRST_PORT = 40_000

/** Plays the steps by one true clock; the traces tell of them by the skewed ones. */
function play({ clients: count, steps, seed, skews, isDrained }: Play): Session {
  let now = 10
  const server = new SampleTrace('server', 1, { startedMs: skews[0] ?? 0 })
  server.listen(now)
  const session: Session = { server, clients: [], streams: new Map() }
  const ends: { there: SampleSocket; here: SampleSocket; port: number }[] = []
  for (let index = 0; index < count; index++) {
    const port = FIRST_PORT + index
    const trace = new SampleTrace('client', 2 + index, {
      startedMs: skews[index + 1] ?? 0,
      name: `client-${index}.ndjson`,
    })
    const there = trace.socket('connect', now + 2, 0.5, client(port))
    const here = server.socket('accept', now + 3, 0.5, served(port))
    now += 4
    ends.push({ there, here, port })
    session.clients.push(trace)
    const nothing = (): Stream => ({ sent: Buffer.alloc(0), received: 0 })
    session.streams.set(port, { toServer: nothing(), toClient: nothing() })
  }
  const perform = (
    index: number,
    isToServer: boolean,
    isSend: boolean,
    bytes: number,
    blocked: number,
  ) => {
    const { there, here, port } = ends[index] as (typeof ends)[number]
    const streams = session.streams.get(port)
    const stream = (isToServer ? streams?.toServer : streams?.toClient) as Stream
    now += blocked + 0.1
    if (isSend) {
      const data = Buffer.from(
        Array.from({ length: bytes }, (_, at) => (stream.sent.length + at + seed) % 251),
      )
      stream.sent = Buffer.concat([stream.sent, data])
      const sender = isToServer ? there : here
      sender.data('sendAll', now, blocked, data)
      return
    }
    const data = stream.sent.subarray(stream.received, stream.received + bytes)
    if (data.length === 0) return
    stream.received += data.length
    const receiver = isToServer ? here : there
    receiver.data('recv', now, blocked, data)
  }
  for (const { connection, isToServer, isSend, bytes, blocked } of steps) {
    perform(connection % count, isToServer, isSend, bytes, blocked)
  }
  if (isDrained) {
    for (const index of ends.keys()) {
      perform(index, true, false, Number.MAX_SAFE_INTEGER, 0.1)
      perform(index, false, false, Number.MAX_SAFE_INTEGER, 0.1)
    }
  }
  return session
}

/** The head that a trace keeps of a call's bytes. */
export function headBytes(record: TraceCall): Buffer {
  return Buffer.from(record.head ?? '', 'hex')
}
