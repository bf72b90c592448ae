// What the three clients share on the command line: which server, and how long to try.
import type { Command } from 'commander'
import { connect } from '../socket/connect.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { hostName, positiveSeconds, seconds, serverPort } from './arguments.ts'
import { useConnection } from './connection.ts'
import type { Context } from './context.ts'

export interface ClientOptions {
  timeout?: number
  retry?: number
  recvSize?: number
}

/** Adds the host, the port and the options of every client. */
export function addClientOptions(command: Command): Command {
  return command
    .argument('<host>', "the server's name or IP address", hostName)
    .argument('<port>', "the server's port", serverPort)
    .option('--timeout <seconds>', 'the time limit of each attempt to connect', positiveSeconds)
    .option('--retry <seconds>', 'keep trying to connect for so long', seconds)
}

/** Connects, runs the program over the connection, and closes it. */
export async function withServer(
  host: string,
  port: number,
  { timeout, retry, recvSize }: ClientOptions,
  { signal }: Context,
  program: (server: TcpSocket) => Promise<void>,
): Promise<void> {
  const server = await connect({
    host,
    port,
    timeoutMs: timeout,
    retryMs: retry,
    recvSize,
    signal,
  })
  await useConnection(server, signal, () => program(server))
}
