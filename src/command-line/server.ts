// What the three servers share on the command line: where to listen, and the line that says so.
import type { Command } from 'commander'
import { type Listener, listen } from '../socket/listener.ts'
import { hostName, listeningPort, wholeNumber } from './arguments.ts'
import type { Context } from './context.ts'

const MAX_BACKLOG = 65_535

export interface ServerOptions {
  host?: string
  backlog: number
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

/**
 * Listens, tells scripts on stderr that connections are accepted from now on, runs the program,
 * and stops listening.
 */
export async function withListener(
  port: number,
  { host, backlog }: ServerOptions,
  { terminal, signal }: Context,
  program: (listener: Listener) => Promise<void>,
): Promise<void> {
  const listener = await listen({ host, port, backlog, signal })
  terminal.say('plain', `listening on port ${listener.address.port}`)
  try {
    await program(listener)
  } finally {
    await listener.close()
  }
}
