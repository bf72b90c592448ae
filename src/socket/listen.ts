// Listening: an address is bound, and from then on the operating system takes connections to it.
import { createServer } from 'node:net'
import { traced } from '../calls.ts'
import { KEEP_ALIVE } from './attempt.ts'
import { checkAddress, checkInteger, checkMilliseconds } from './checks.ts'
import { socketError } from './errors.ts'
import { endpoint } from './internal.ts'
import type { ListenOptions } from './listen-options.ts'
import { Listener } from './listener.ts'
import { resolveHost } from './resolve.ts'
import { abortable } from './waiting.ts'

const DEFAULT_BACKLOG = 511

/**
 * Binds an address and listens on it (tutorial, section 2.1; bind(2), listen(2)). Resolves when
 * connections are accepted. The port of a server that has just ended is free at once (SO_REUSEADDR).
 *
 * Rejects with a SocketError that has the code (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`), host and
 * port; with a RangeError for numbers out of range.
 */
export function listen(options: ListenOptions): Promise<Listener> {
  const asked = { local: { host: options.host ?? '::', port: options.port } }
  return traced(
    'listen',
    asked,
    () => startListening(options),
    (listener) => listener[endpoint],
  )
}

async function startListening(options: ListenOptions): Promise<Listener> {
  const { host, port, backlog = DEFAULT_BACKLOG, maxConnections, idleTimeoutMs, signal } = options
  checkAddress(host, port, 0)
  checkInteger('backlog', backlog, 1)
  checkInteger('maxConnections', maxConnections, 1)
  checkMilliseconds('idleTimeoutMs', idleTimeoutMs)
  // Not reading before somebody asks leaves the flow control to TCP; the peer's end of data must
  // not end our sending.
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    ...KEEP_ALIVE,
  })
  if (maxConnections !== undefined) server.maxConnections = maxConnections
  try {
    const ip = host === undefined ? undefined : await addressToBind(host, signal)
    await abortable<void>(signal, (resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: ip, port, backlog }, resolve)
      return () => server.off('error', reject)
    })
    signal?.throwIfAborted()
  } catch (error) {
    server.close()
    if (signal?.aborted) throw signal.reason
    throw socketError('cannot listen on', { host: host ?? 'all interfaces', port }, error)
  }
  return new Listener(server, options)
}

/** Resolves with the IPv4 address of a name where it has one, as the tutorial's bind does. */
async function addressToBind(host: string, signal: AbortSignal | undefined) {
  const found = await resolveHost(host, Infinity, signal)
  return (found.find(({ family }) => family === 4) ?? found[0])?.address
}
