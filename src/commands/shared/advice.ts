// Errors of the network for a beginner: what happened, and what to do next.
import { SocketError } from '../../socket/index.ts'

const ADVICE: Record<string, string> = {
  ECONNREFUSED: 'is a server running there?',
  ENOTFOUND: 'is the name spelled right?',
  EADDRINUSE: 'another program listens there; port 0 takes any free port',
  EADDRNOTAVAIL: 'it must be an address of this machine',
  EACCES: 'ports below 1024 need root',
}

/** Returns the error with advice in its message, where there is any to give. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof SocketError)) return error
  const advice = ADVICE[error.code]
  return advice === undefined ? error : withMessage(error, `${error.message} (${advice})`)
}

/** Returns the error with another message, for the same address and with the same code. */
export function withMessage(error: SocketError, message: string): SocketError {
  return new SocketError(error.code, message, error, { cause: error })
}
