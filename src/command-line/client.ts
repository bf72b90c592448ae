// What the three clients share on the command line: which server, and how long to try.
import type { Command } from 'commander'
import { formatAddress } from '../socket/address.ts'
import { connect } from '../socket/connect.ts'
import { SocketError } from '../socket/errors.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { hostName, positiveSeconds, seconds, serverPort } from './arguments.ts'
import { useConnection } from './connection.ts'
import type { Context } from './context.ts'

export interface ClientOptions {
  timeout?: number
  retry?: number
  idleTimeout?: number
  recvSize?: number
}

/** Adds the host, the port and the options of every client. */
export function addClientOptions(command: Command): Command {
  return command
    .argument('<host>', "the server's name or IP address", hostName)
    .argument('<port>', "the server's port", serverPort)
    .option('--timeout <seconds>', 'the time limit of each attempt to connect', positiveSeconds)
    .option('--retry <seconds>', 'keep trying to connect for so long', seconds)
    .option(
      '--idle-timeout <seconds>',
      'give up when the server has sent nothing for so long (default: never)',
      positiveSeconds,
    )
}

/** Connects, runs the program over the connection, and closes it. */
export async function withServer(
  host: string,
  port: number,
  { timeout, retry, idleTimeout, recvSize }: ClientOptions,
  { signal }: Context,
  program: (server: TcpSocket) => Promise<void>,
): Promise<void> {
  const server = await connect({
    host,
    port,
    timeoutMs: timeout,
    retryMs: retry,
    idleTimeoutMs: idleTimeout,
    recvSize,
    signal,
  })
  try {
    await useConnection(server, signal, () => program(server))
  } catch (error) {
    throw error instanceof SocketError ? sayingHowMuchCame(error, server) : error
  }
}

/** The server has ended its data, and nothing had come. */
export function nothingCameError(server: TcpSocket): SocketError {
  const address = server.remoteAddress
  const message = `${formatAddress(address)} ended the connection without an answer`
  return new SocketError('ERR_NO_ANSWER', message, address)
}

function sayingHowMuchCame(error: SocketError, server: TcpSocket): SocketError {
  const count = server.bytesReceived
  const message = `${error.message}, after ${count} ${count === 1 ? 'byte' : 'bytes'}`
  return new SocketError(error.code, message, error, { cause: error })
}
