// The scope that a client runs in: it connects, and closes the connection, in any case.
import { connect, formatAddress, SocketError, type TcpSocket } from '../../socket/index.ts'
import { withAdvice, withMessage } from './advice.ts'
import { bytesOf } from './amount.ts'
import type { ClientOptions } from './client-options.ts'
import type { Context } from './context.ts'

/** Connects to the server of the command line. */
export type Connect = () => Promise<TcpSocket>

/** Runs the program of a client, and closes its connection when it is over, in any case. */
export async function runClient(
  host: string,
  port: number,
  options: ClientOptions,
  { signal }: Context,
  program: (connect: Connect) => Promise<void>,
): Promise<void> {
  const { timeout, retry, idleTimeout, recvSize } = options
  let server: TcpSocket | undefined
  const connectHere = async () => {
    server = await connect({
      host,
      port,
      timeoutMs: timeout,
      retryMs: retry,
      idleTimeoutMs: idleTimeout,
      recvSize,
      signal,
    })
    // The close makes whatever call the program waits in reject.
    signal.addEventListener('abort', () => void server?.close(), { once: true })
    signal.throwIfAborted()
    return server
  }
  try {
    await program(connectHere)
  } catch (error) {
    if (server === undefined) throw withAdvice(error)
    throw error instanceof SocketError ? withByteCount(error, server) : error
  } finally {
    await server?.close()
  }
}

/** Returns the error of a server that ended its data cleanly, but too early. */
export function endedEarly(server: TcpSocket, what: string): SocketError {
  const address = server.remoteAddress
  const message = `${formatAddress(address)} ended the connection too early: ${what}`
  return new SocketError('ERR_ENDED_EARLY', message, address)
}

function withByteCount(error: SocketError, server: TcpSocket): SocketError {
  return withMessage(error, `${error.message}, after ${bytesOf(server.bytesReceived)}`)
}
