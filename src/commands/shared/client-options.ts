// What the three clients take on their command lines.
import type { Command } from 'commander'
import { hostName, positiveSeconds, seconds, serverPort } from './arguments.ts'
import { addTraceOptions } from './trace-options.ts'

export interface ClientOptions {
  timeout?: number
  retry?: number
  idleTimeout?: number
  recvSize?: number
}

/** Adds the host, the port and the options of every client. */
export function addClientOptions(command: Command): Command {
  command
    .argument('<host>', "the server's name or IP address", hostName)
    .argument('<port>', "the server's port", serverPort)
    .option('--timeout <seconds>', 'the time limit of each attempt to connect', positiveSeconds)
    .option('--retry <seconds>', 'keep trying to connect for this long', seconds)
    .option(
      '--idle-timeout <seconds>',
      'give up on a server that neither sends nor takes a byte for this long (default: never)',
      positiveSeconds,
    )
  return addTraceOptions(command)
}
