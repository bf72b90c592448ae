// What the three clients share: the arguments that say which server, and the scope they run in.
import type { Command } from 'commander'
import { connect, formatAddress, SocketError, type TcpSocket } from '../../socket/index.ts'
import { restated, withAdvice } from './advice.ts'
import { hostName, positiveSeconds, seconds, serverPort } from './arguments.ts'
import type { Context } from './context.ts'
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

/** Connects, runs the program over the connection, and closes it, in any case. */
export async function runClient(
  host: string,
  port: number,
  options: ClientOptions,
  { signal }: Context,
  program: (server: TcpSocket) => Promise<void>,
): Promise<void> {
  const { timeout, retry, idleTimeout, recvSize } = options
  const server = await connect({
    host,
    port,
    timeoutMs: timeout,
    retryMs: retry,
    idleTimeoutMs: idleTimeout,
    recvSize,
    signal,
  }).catch((error) => {
    throw withAdvice(error)
  })
  // The close makes whatever call the program waits in reject.
  const close = () => void server.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    signal.throwIfAborted()
    await program(server)
  } catch (error) {
    throw error instanceof SocketError ? withByteCount(error, server) : error
  } finally {
    signal.removeEventListener('abort', close)
    await server.close()
  }
}

/** Returns the error of a server that ended its data cleanly, but too early. */
export function endedEarly(server: TcpSocket, what: string): SocketError {
  const address = server.remoteAddress
  const message = `${formatAddress(address)} ended the connection too early: ${what}`
  return new SocketError('ERR_ENDED_EARLY', message, address)
}

function withByteCount(error: SocketError, server: TcpSocket): SocketError {
  const count = server.bytesReceived
  return restated(error, `${error.message}, after ${count} ${count === 1 ? 'byte' : 'bytes'}`)
}
