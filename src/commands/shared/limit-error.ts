// What happens to a client that sends more than a limit of ours allows.
import { formatAddress, type TcpSocket } from '../../socket/index.ts'

/** The client is dropped; the message says which limit it has passed. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
  readonly code = 'ERR_LIMIT'

  constructor(client: TcpSocket, limit: string) {
    super(`${formatAddress(client.remoteAddress)} is dropped: ${limit}`)
  }
}
