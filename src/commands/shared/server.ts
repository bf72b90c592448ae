// What the three servers share: the arguments that say where to listen, and the scope they run in.
import type { Command } from 'commander'
import { type Listener, listen } from '../../socket/index.ts'
import { withAdvice } from './advice.ts'
import { hostName, listeningPort, positiveSeconds, wholeNumber } from './arguments.ts'
import { ClientScope } from './client-scope.ts'
import { connectionLimit } from './connection-limit.ts'
import type { Context } from './context.ts'
import { addTraceOptions } from './trace-options.ts'

const MAX_BACKLOG = 65_535
const MAX_CONNECTIONS = 1_000_000
const DEFAULT_MAX_CONNECTIONS = 1000
const MAX_BYTES = 2 ** 30
const DEFAULT_MAX_BYTES = 16 * 2 ** 20

export interface ServerOptions {
  host?: string
  backlog: number
  maxConnections: number
  idleTimeout?: number
  verbose?: boolean
  /** How many clients it waits for before it serves any; 1 by default. */
  neededClients?: number
  /** How many files a client needs; 1 by default, its connection. */
  filesPerClient?: number
  /** The server serves one client only: if that one fails, so does the server. */
  endsWithClient?: boolean
}

/** Adds the port and the options of every server. */
export function addServerOptions(command: Command, backlog: number): Command {
  command
    .argument('<port>', 'the port to listen on; 0 for any free one', listeningPort)
    .option('--host <address>', 'the address to listen on (default: all interfaces)', hostName)
    .option(
      '--backlog <n>',
      'how many connections the operating system holds until they are accepted',
      wholeNumber(1, MAX_BACKLOG),
      backlog,
    )
    .option(
      '--max-connections <n>',
      'how many connections may be open; one more is closed at once',
      wholeNumber(1, MAX_CONNECTIONS),
      DEFAULT_MAX_CONNECTIONS,
    )
    .option('--verbose', 'say on stderr which clients left or failed, and why')
  return addTraceOptions(command)
}

/** Adds the limit of the servers that have no other limit on waiting. */
export function addIdleTimeout(command: Command): Command {
  return command.option(
    '--idle-timeout <seconds>',
    'give up on a client that neither sends nor takes a byte for this long (default: never)',
    positiveSeconds,
  )
}

/** Adds the limit of the servers that keep what clients send; `what` says how long what may be. */
export function addMaxBytes(command: Command, what: string): Command {
  return command.option(
    '--max-bytes <n>',
    `${what}; a client that sends more is dropped`,
    wholeNumber(1, MAX_BYTES),
    DEFAULT_MAX_BYTES,
  )
}

/**
 * Listens, says so on stderr as soon as connections are accepted, runs the program, and stops
 * listening, in any case.
 */
export async function runServer(
  port: number,
  options: ServerOptions,
  { terminal, signal }: Context,
  program: (listener: Listener, clients: ClientScope) => Promise<void>,
): Promise<void> {
  const { host, backlog, idleTimeout, neededClients, filesPerClient } = options
  const { maxConnections, reason } = connectionLimit(
    options.maxConnections,
    neededClients,
    filesPerClient,
  )
  let hasRefused = false
  const listener = await listen({
    host,
    port,
    backlog,
    maxConnections,
    idleTimeoutMs: idleTimeout,
    signal,
    onRefused: (error) => {
      const why = error.code === 'ERR_TOO_MANY_CONNECTIONS' ? reason : error.message
      if (!hasRefused || options.verbose) terminal.say('warning', `connection refused: ${why}`)
      hasRefused = true
    },
  }).catch((error) => {
    throw withAdvice(error)
  })
  terminal.say('plain', `listening on port ${listener.address.port}`)
  const clients = new ClientScope(listener, { ...options, terminal, signal })
  try {
    await program(listener, clients)
  } finally {
    await listener.close()
    await clients.finish()
  }
}
