// What happens to a client that sends more than a limit of ours allows.
import { formatAddress, SocketError, type TcpSocket } from '../../socket/index.ts'

/** The client is dropped; the message says which limit it has passed. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
  readonly code = 'ERR_LIMIT'

  constructor(client: TcpSocket, limit: string) {
    super(`${formatAddress(client.remoteAddress)} is dropped: ${limit}`)
  }
}

/** Returns whether an error is about one client only, so that the others can be served. */
export function isClientError(error: unknown): error is SocketError | LimitError {
  return error instanceof SocketError || error instanceof LimitError
}
