// One client's connection: what it and the server send is passed on, in both directions.
import { codeOf, type TcpSocket } from '../socket/index.ts'
import { type Breaks, broken } from './breaks.ts'
import { overPath, type PathOptions } from './path.ts'
import { pauseUntil } from './pause.ts'
import type { Source } from './source.ts'

const RECV_SIZE_BYTES = 65_536
/** A reset discards what the operating system has yet to send: the last bytes get a head start. */
const HEAD_START_MS = 100
/** How often to look whether the other end still takes what the lost one has sent. */
const STUCK_CHECK_MS = 1000

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
  const failures: Error[] = []
  let stuckCheck: NodeJS.Timeout | undefined
  const fail = (error: Error) => {
    failures.push(error)
    // What the lost end sent before goes on to the other, unless that one does not take it.
    stuckCheck ??= setInterval(() => {
      if (client.isSending || server.isSending) resetBoth()
    }, STUCK_CHECK_MS).unref()
  }
  const fromServer = broken(receivedBy(server), options)
  await Promise.all([
    passDirection(overPath(receivedBy(client), options), server).catch(fail),
    passDirection(overPath(fromServer, options), client).catch(fail),
  ])
  clearInterval(stuckCheck)
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
 * Reads on only when the operating system has taken what was read, so a receiver that stops reading
 * stops the sender. If the receiver is lost, the other direction finds out as well, after it has
 * passed on what the receiver sent before.
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
