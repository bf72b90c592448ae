// What the three servers take on their command lines.
import type { Command } from 'commander'
import { hostName, listeningPort, positiveSeconds, wholeNumber } from './arguments.ts'
import type { ConnectionNeeds } from './connection-limit.ts'
import { addTraceOptions } from './trace-options.ts'

const MAX_BACKLOG = 65_535
const MAX_CONNECTIONS = 1_000_000
const DEFAULT_MAX_CONNECTIONS = 1000
const MAX_BYTES = 2 ** 30
const DEFAULT_MAX_BYTES = 16 * 2 ** 20

export interface ServerOptions extends ConnectionNeeds {
  host?: string
  backlog: number
  idleTimeout?: number
  verbose?: boolean
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
      'the most connections that may be open; any further one is closed at once',
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

/** Adds the limit of the servers that keep what clients send; `what` names the thing and its limit, for the help. */
export function addMaxBytes(command: Command, what: string): Command {
  return command.option(
    '--max-bytes <n>',
    `${what}; a client that sends more is dropped`,
    wholeNumber(1, MAX_BYTES),
    DEFAULT_MAX_BYTES,
  )
}
