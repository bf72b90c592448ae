// A server under check: started on a free port, found ready by connecting for real.
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TcpSocket } from '../socket/index.ts'
import { chooseFreePort } from './free-port.ts'
import type { Partner } from './partner.ts'
import type { Program } from './program.ts'
import type { Session } from './session.ts'
import { Uncheckable, Unmet } from './step.ts'
import { endWords, secondsOf } from './words.ts'

const LOOPBACK = ['127.0.0.1', '::1'] as const
const TRY_EVERY_MS = 20
/** An earlier connection may keep a port for a minute (TIME_WAIT), and not every server can have it. */
const PORTS_TRIED = 3

/** A server that has been connected to. */
export interface ServerProgram {
  readonly program: Program
  readonly port: number
  /** The connection that found it ready: the only one that a server for one client gets. */
  readonly client: Partner
  /** Connects another client. Rejects with Unmet if the server does not let it. */
  connect(): Promise<Partner>
}

export interface ServerOptions {
  /** Without it, a free one. */
  readonly port?: number
  readonly env?: NodeJS.ProcessEnv
  /** The most bytes that one recv takes. */
  readonly recvSize?: number
}

/** Starts the server and connects to it. Rejects with Uncheckable if no connection can be made. */
export async function startServer(
  session: Session,
  options: ServerOptions = {},
): Promise<ServerProgram> {
  if (options.port !== undefined) return await startOn(options.port, session, options)
  for (let left = PORTS_TRIED - 1; ; left--) {
    const { port, release } = await chooseFreePort()
    session.atEnd(release)
    try {
      return await startOn(port, session, options)
    } catch (error) {
      if (session.programs.at(-1)?.exit === undefined || left === 0) throw error
    }
  }
}

async function startOn(
  port: number,
  session: Session,
  { env, recvSize }: ServerOptions,
): Promise<ServerProgram> {
  const program = await session.start({ host: LOOPBACK[0], port, env })
  const socket = await connectWhenReady(port, program, session, recvSize)
  const { host } = socket.remoteAddress
  return {
    program,
    port,
    client: session.partner(socket),
    async connect() {
      try {
        return session.partner(await connect({ host, port, recvSize, signal: session.signal }))
      } catch (error) {
        session.throwIfInterrupted()
        throw new Unmet('another client can connect', `no connection: ${(error as Error).message}`)
      }
    },
  }
}

/** Tries again and again, as long as the program runs and the step has time. */
async function connectWhenReady(
  port: number,
  program: Program,
  session: Session,
  recvSize: number | undefined,
): Promise<TcpSocket> {
  const { signal } = session
  while (!signal.aborted) {
    const hasEnded = program.exit !== undefined
    for (const host of LOOPBACK) {
      try {
        return await connect({ host, port, recvSize, signal })
      } catch {
        // Nobody listens there, or not yet.
      }
    }
    if (hasEnded) throw new Uncheckable(`it ${endedWords(program)} before a client could connect`)
    await delay(TRY_EVERY_MS)
  }
  session.throwIfInterrupted()
  const within = `within ${secondsOf(session.options.timeoutMs)}`
  throw new Uncheckable(`it accepts no connection on port ${port} ${within}${portHint(session)}`)
}

function endedWords(program: Program): string {
  return program.exit === undefined ? 'ended' : endWords(program.exit)
}

/** A command without the placeholder may listen on any port. */
function portHint({ options }: Session): string {
  const hasPort = options.command.some((word) => word.includes('{port}'))
  return hasPort ? '' : ': write {port} where the command takes its port'
}
