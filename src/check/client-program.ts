// A client under check: we listen, start it, and take its connection.
import { type Listener, listen } from '../socket/index.ts'
import type { Partner } from './partner.ts'
import type { Program } from './program.ts'
import type { Session } from './session.ts'
import { Unmet } from './step.ts'
import { endWords, secondsOf, shown } from './words.ts'

const SILENCE_MS = 300
const PEEK_BYTES = 1024

/** A client that has connected to us. */
export interface ClientProgram {
  readonly program: Program
  readonly server: Partner
}

/** Starts the client and accepts its connection. Rejects with Unmet if it makes none. */
export async function startClient(session: Session): Promise<ClientProgram> {
  const listener = await listenOnLoopback()
  session.addListener(listener)
  const program = await session.start(listener.address)
  const gone = new AbortController()
  // What it connected before it ended is there by then.
  void program.ended.then(() => setImmediate(() => gone.abort()))
  try {
    const signal = AbortSignal.any([session.signal, gone.signal])
    return { program, server: session.partner(await listener.accept({ signal })) }
  } catch {
    session.throwIfInterrupted()
    const { exit } = program
    const came = exit === undefined ? 'none within the time limit' : `none: it ${endWords(exit)}`
    throw new Unmet('a connection from the client', came)
  }
}

async function listenOnLoopback(): Promise<Listener> {
  try {
    return await listen({ host: '127.0.0.1', port: 0 })
  } catch {
    return await listen({ host: '::1', port: 0 })
  }
}

/** Expects exactly these bytes, and no more; the client's end of data may follow. */
export async function expectRequest(server: Partner, request: string, what: string): Promise<void> {
  await server.expect(request, what)
  if (await server.isSilent(SILENCE_MS)) return
  const next = await server.receive(PEEK_BYTES)
  if (next === 'the end of data') return
  const came = typeof next === 'string' ? next : shown(next)
  throw new Unmet(`nothing more for ${secondsOf(SILENCE_MS)} after ${shown(request)}`, came)
}
