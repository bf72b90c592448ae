// The scope that a server runs in: it listens, says so, serves clients, and stops listening.
import { type Listener, listen, type SocketError } from '../../socket/index.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { withAdvice } from './advice.ts'
import { ClientScope } from './client-scope.ts'
import { connectionLimit } from './connection-limit.ts'
import type { Context } from './context.ts'
import type { ServerOptions } from './server-options.ts'

/** Listens, and says so on stderr as soon as connections are accepted. */
export type Listen = () => Promise<Listener>

/** Runs the program of a server, and stops listening when it is over, in any case. */
export async function runServer(
  port: number,
  options: ServerOptions,
  { terminal, signal }: Context,
  program: (listen: Listen, clients: ClientScope) => Promise<void>,
): Promise<void> {
  let listener: Listener | undefined
  const stopListening = async () => listener?.close()
  const clients = new ClientScope(stopListening, { ...options, terminal, signal })
  const listenHere = async () => {
    listener = await listenOn(port, options, terminal, signal)
    terminal.say('plain', `listening on port ${listener.address.port}`)
    return listener
  }
  try {
    await program(listenHere, clients)
  } finally {
    await stopListening()
    await clients.finish()
  }
}

async function listenOn(
  port: number,
  { host, backlog, idleTimeout: idleTimeoutMs, verbose, ...limits }: ServerOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Listener> {
  const { maxConnections, reason } = connectionLimit(limits)
  let hasRefused = false
  const onRefused = (error: SocketError) => {
    const why = error.code === 'ERR_TOO_MANY_CONNECTIONS' ? reason : error.message
    if (!hasRefused || verbose) terminal.say('warning', `connection refused: ${why}`)
    hasRefused = true
  }
  try {
    return await listen({ host, port, backlog, maxConnections, idleTimeoutMs, signal, onRefused })
  } catch (error) {
    throw withAdvice(error)
  }
}
