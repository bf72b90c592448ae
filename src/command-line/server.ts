// What the three servers share on the command line: where to listen, and the line that says so.
import type { Command } from 'commander'
import { listen } from '../socket/listen.ts'
import type { Listener } from '../socket/listener.ts'
import { hostName, listeningPort, wholeNumber } from './arguments.ts'
import { connectionLimit } from './connection-limit.ts'
import type { Context } from './context.ts'

const MAX_BACKLOG = 65_535
const MAX_CONNECTIONS = 1_000_000
const DEFAULT_MAX_CONNECTIONS = 1000

export interface ServerOptions {
  host?: string
  backlog: number
  maxConnections?: number
}

/** Adds the port and the options of every server. */
export function addServerOptions(command: Command, backlog: number): Command {
  return command
    .argument('<port>', 'the port to listen on; 0 for any free one', listeningPort)
    .option('--host <address>', 'the address to listen on (default: all interfaces)', hostName)
    .option(
      '--backlog <n>',
      'connections that the operating system holds until they are taken',
      wholeNumber(1, MAX_BACKLOG),
      backlog,
    )
}

/** Adds the limit of the servers that take whoever comes; `when`: what it needs to have an effect. */
export function addConnectionLimit(command: Command, when = ''): Command {
  return command.option(
    '--max-connections <n>',
    `${when}how many connections may be open; more are closed at once`,
    wholeNumber(1, MAX_CONNECTIONS),
    DEFAULT_MAX_CONNECTIONS,
  )
}

/**
 * Listens, tells scripts on stderr that connections are accepted from now on, runs the program,
 * and stops listening.
 */
export async function withListener(
  port: number,
  { host, backlog, maxConnections }: ServerOptions,
  { terminal, signal }: Context,
  program: (listener: Listener) => Promise<void>,
): Promise<void> {
  const limit = connectionLimit(terminal, maxConnections)
  const listener = await listen({
    host,
    port,
    backlog,
    maxConnections: limit.maxConnections,
    onRefused: (error) => limit.refusals.add(error),
    signal,
  })
  // A program that waits for its clients to close may be ended before it is done.
  signal.addEventListener('abort', () => limit.refusals.end(), { once: true })
  terminal.say('plain', `listening on port ${listener.address.port}`)
  try {
    await program(listener)
  } finally {
    await listener.close()
    limit.refusals.end()
  }
}
