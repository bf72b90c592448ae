// One client's connection: everything is passed on between it and the server, in both directions.
import { codeOf, type TcpSocket } from '../socket/index.ts'
import { type Breaks, broken } from './breaks.ts'
import { overPath, type PathOptions } from './path.ts'
import { pauseUntil } from './pause.ts'
import type { Source } from './source.ts'

const RECV_SIZE_BYTES = 65_536
/** A reset overtakes what the operating system has yet to send: the last bytes get a head start. */
const HEAD_START_MS = 100

export type RelayOptions = PathOptions & Breaks

/**
 * Passes on what the client and the server send, until both have ended their data or the
 * connection is lost; resolves when both sockets are closed, with the error of a lost one. The end
 * of data of one is passed on while the other goes on sending; a reset of one becomes a reset of
 * the other. `signal` resets both: a stream that we cut off must not look whole.
 */
export async function passOn(
  client: TcpSocket,
  server: TcpSocket,
  options: RelayOptions,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const resetBoth = () => {
    client.reset()
    server.reset()
  }
  signal.addEventListener('abort', resetBoth)
  const fromServer = broken(receivedBy(server), options)
  const failures: Error[] = []
  const note = (error: Error) => failures.push(error)
  await Promise.all([
    passDirection(overPath(receivedBy(client), options), server).catch(note),
    passDirection(overPath(fromServer, options), client).catch(note),
  ])
  const [failure] = failures
  if (failure === undefined) await Promise.all([client.close(), server.close()])
  else resetBoth()
  signal.removeEventListener('abort', resetBoth)
  // An error without a code is not the network's.
  if (failure !== undefined && codeOf(failure, '') === '') throw failure
  return failure
}

function receivedBy(socket: TcpSocket): Source {
  return () => socket.recv(RECV_SIZE_BYTES)
}

/**
 * Reads no further before the operating system has taken what was read: a receiver that stops
 * reading stops the sender. Where the receiver is lost, the other direction finds out, after it
 * has passed on what the receiver sent before.
 */
async function passDirection(next: Source, receiver: TcpSocket): Promise<void> {
  let resetTime = 0
  for (;;) {
    const bytes = await next().catch(async (error) => {
      await pauseUntil(resetTime)
      receiver.reset()
      throw error
    })
    if (bytes.length === 0) return receiver.shutdown()
    await receiver.sendAll(bytes)
    resetTime = performance.now() + HEAD_START_MS
  }
}
