// Connecting to the first of several addresses that answers.
import { type Address, formatAddress } from './address.ts'
import { type AttemptOptions, connectTo } from './attempt.ts'
import { codeOf, reasonOf, SocketError, socketError } from './errors.ts'
import type { TcpSocket } from './tcp-socket.ts'

interface Failure {
  ip: string
  error: unknown
}

/** An address that has not answered for so long is no longer waited for alone. */
const STAGGER_MS = 250

/**
 * Tries the IP addresses in their order: the next when one fails, or, while that goes on, when one
 * has not answered for a quarter of a second (RFC 8305). The first connection is what comes back.
 *
 * Rejects when all have failed, or the `deadline` (of performance.now) is over, with a SocketError
 * for `asked` that names each address that failed and why; with `signal.reason` when aborted.
 */
export function connectToAny(
  ips: readonly string[],
  asked: Address,
  options: AttemptOptions,
  deadline: number,
): Promise<TcpSocket> {
  const { timeoutMs = Infinity, signal } = options
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const attempts = new AbortController()
    /** By the order of the addresses, not of the failures. */
    const failures: Failure[] = []
    let tried = 0
    let failed = 0
    let isSettled = false
    let stagger: NodeJS.Timeout | undefined

    const tryNext = () => {
      clearTimeout(stagger)
      const ip = ips[tried]
      const leftMs = deadline - performance.now()
      if (ip === undefined || (tried > 0 && leftMs <= 0)) return
      const order = tried++
      const limitMs = Math.min(timeoutMs, Math.max(1, leftMs))
      const attempt = connectTo(ip, { ...options, timeoutMs: limitMs, signal: attempts.signal })
      attempt.then(succeed, (error) => fail(order, { ip, error }))
      if (tried < ips.length) stagger = setTimeout(tryNext, STAGGER_MS)
    }
    const settle = () => {
      isSettled = true
      clearTimeout(stagger)
      signal?.removeEventListener('abort', abort)
      attempts.abort()
    }
    const succeed = (socket: TcpSocket) => {
      // Two may answer in one turn.
      if (isSettled) return void socket.close()
      settle()
      resolve(socket)
    }
    const fail = (order: number, failure: Failure) => {
      if (isSettled) return
      failures[order] = failure
      failed++
      tryNext()
      if (failed < tried) return
      settle()
      reject(failureOf(asked, failures))
    }
    const abort = () => {
      settle()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    tryNext()
  })
}

/** One error for all addresses. */
function failureOf(asked: Address, failures: readonly Failure[]): SocketError {
  const [only] = failures
  const last = failures.at(-1)?.error
  if (failures.length === 1 && only?.ip === asked.host) {
    return socketError('cannot connect to', asked, last)
  }
  const reasons = failures.map(({ ip, error }) => `${reasonOf(error)} at ${ip}`)
  const message = `cannot connect to ${formatAddress(asked)}: ${reasons.join(', ')}`
  return new SocketError(codeOf(last), message, asked, { cause: last })
}
