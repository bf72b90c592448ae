// A connection for as long as it is needed, and no longer.
import type { TcpSocket } from '../socket/tcp-socket.ts'

/**
 * Runs `work` and closes the connection after it, whatever happened. An interruption closes it, so
 * that whatever call `work` waits in rejects; a turn later, for `work` may want to take what came.
 */
export async function useConnection<T>(
  socket: TcpSocket,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const close = () => void setImmediate(() => socket.close())
  signal.addEventListener('abort', close, { once: true })
  try {
    signal.throwIfAborted()
    return await work()
  } finally {
    signal.removeEventListener('abort', close)
    await socket.close()
  }
}
