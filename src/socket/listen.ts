// Listening: an address is bound, and from then on the operating system takes connections to it.
import { createServer } from 'node:net'
import { traced } from '../calls.ts'
import { socketError } from './errors.ts'
import { Listener, type RefusalHandler } from './listener.ts'
import { subject } from './subject.ts'

const DEFAULT_BACKLOG = 511

export interface ListenOptions {
  /** The address to listen on; without it all interfaces, IPv6 and IPv4 through one socket. */
  host?: string | undefined
  idleTimeoutMs?: number | undefined
  /** 0 asks for any free port. */
  port: number
  /**
   * How many connections the operating system holds until they are taken (listen(2)). It does not
   * limit clients: Node takes every connection at once, and keeps it here until `accept`.
   */
  backlog?: number | undefined
  /**
   * How many connections may be open at a time, accepted or not; no limit by default. One more is
   * closed at once: its peer sees the end of data, or a reset where it has sent something.
   */
  maxConnections?: number | undefined
  /**
   * Called for each connection that could not be taken: ERR_TOO_MANY_CONNECTIONS beyond
   * `maxConnections`, or the operating system's code (`EMFILE`), which the next `accept` rejects
   * with where nobody is called.
   */
  onRefused?: RefusalHandler | undefined
  /** Ends the attempt with `signal.reason`, and closes a listener that has started. */
  signal?: AbortSignal | undefined
}

/**
 * Binds an address and listens on it (tutorial, section 2.1; bind(2), listen(2)). Resolves when
 * connections are accepted. A port of a server that just ended is free at once (SO_REUSEADDR).
 *
 * Rejects with a SocketError that has the code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`), host and
 * port; RangeError for numbers out of range.
 */
export function listen(options: ListenOptions): Promise<Listener> {
  const asked = { local: { host: options.host ?? '::', port: options.port } }
  return traced(
    'listen',
    asked,
    () => startListening(options),
    (listener) => listener[subject],
  )
}

async function startListening(options: ListenOptions): Promise<Listener> {
  const { host, port, backlog = DEFAULT_BACKLOG, maxConnections, onRefused, signal } = options
  checkOptions(options)
  signal?.throwIfAborted()
  // Not reading before somebody asks leaves the flow control to TCP; the peer's end of data must
  // not end our sending.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
  if (maxConnections !== undefined) server.maxConnections = maxConnections
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal?.removeEventListener('abort', abort)
      server.off('error', fail)
    }
    const fail = (error: unknown) => {
      settle()
      reject(socketError('cannot listen on', { host: host ?? 'all interfaces', port }, error))
    }
    const abort = () => {
      settle()
      server.close()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    server.once('error', fail)
    server.listen({ host, port, backlog }, () => {
      settle()
      resolve(new Listener(server, { onRefused, signal }))
    })
  })
}

function checkOptions({ host, port, backlog, maxConnections }: ListenOptions): void {
  if (host === '') throw new RangeError('host must not be empty')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port must be an integer from 0 to 65535, not ${port}`)
  }
  checkPositive('backlog', backlog)
  checkPositive('maxConnections', maxConnections)
}

function checkPositive(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
    throw new RangeError(`${name} must be a positive integer, not ${value}`)
  }
}
