// wps-server, the tutorial's svr.py (section 5.2): runs w or ps for whoever asks, and nothing else.
import type { Command } from 'commander'
import { positiveSeconds } from '../command-line/arguments.ts'
import { useConnection } from '../command-line/connection.ts'
import type { Context } from '../command-line/context.ts'
import { pythonAddress } from '../command-line/python.ts'
import {
  addConnectionLimit,
  addServerOptions,
  type ServerOptions,
  withListener,
} from '../command-line/server.ts'
import { formatAddress } from '../socket/address.ts'
import { SocketError } from '../socket/errors.ts'
import type { Listener } from '../socket/listener.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { SharedCommand } from '../system/shared-command.ts'
import { TimeLimitError, withTimeLimit } from '../system/time-limit.ts'
import type { Terminal } from '../terminal/terminal.ts'

const BACKLOG = 511
const DEFAULT_TIMEOUT_MS = 10_000
/** Enough to see that a request is too long to be one of ours. */
const REQUEST_BYTES = 64
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/

interface WpsServerOptions {
  timeout: number
  omitLastLine: boolean
  verbose: boolean
}

/** The command line of wps-server. */
export function declare(command: Command, context: Context): void {
  addConnectionLimit(addServerOptions(command, BACKLOG))
    .option(
      '--timeout <seconds>',
      'the limit of each wait: for a request, the command, a client to take 1 MiB (default: 10)',
      positiveSeconds,
    )
    .option('--omit-last-line', "leave out the output's last line, as the original does")
    .option('--verbose', 'say on stderr which clients failed, and why')
    .addHelpText(
      'after',
      `
Re-creates svr.py of the tutorial (section 5.2): a client sends w or ps, and
gets the output of that command on this machine. Whoever reaches the port can
see it.

Examples:
  pynet wps-server 2000 --host 127.0.0.1
  pynet wps-server 0 --timeout 5
  pynet wps-server 2000 --omit-last-line`,
    )
    .action(async (port: number, options: Partial<WpsServerOptions> & ServerOptions) => {
      const { timeout = DEFAULT_TIMEOUT_MS, omitLastLine = false, verbose = false } = options
      await withListener(port, options, context, (listener) => {
        warnBeyondLoopback(listener, context.terminal)
        return wpsServer(listener, { timeout, omitLastLine, verbose }, context)
      })
    })
}

function warnBeyondLoopback(listener: Listener, terminal: Terminal): void {
  if (LOOPBACK.test(listener.address.host)) return
  const warning = 'whoever reaches this port can see the users and processes of this machine'
  terminal.say('warning', `${warning} (--host 127.0.0.1 keeps others out)`)
}

/** Serves clients at the same time, until it is interrupted. */
export async function wpsServer(
  listener: Listener,
  options: WpsServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  const commands = new Map(
    ['w', 'ps'].map((name) => [name, new SharedCommand(name, { ...options, signal })]),
  )

  const serve = async (client: TcpSocket) => {
    // The bytes of a stranger choose one of two commands, and are part of none.
    const request = await receiveRequest(client, options.timeout)
    const command = commands.get(request)
    if (command === undefined) {
      await client.sendAll('pynet: this server runs w and ps, and nothing else\n')
      return
    }
    // This takes as long as the client takes to read; others are answered meanwhile.
    await command.answer(client)
  }

  const atWork = new Set<Promise<void>>()
  for await (const client of listener) {
    await terminal.print(`client is at ${pythonAddress(client.remoteAddress)}\n`)
    // Not awaited here: the next client is accepted while this one is served, or fails.
    const served = useConnection(client, signal, () => serve(client)).catch((error) => {
      if (!isFailureOfClient(error)) throw error
      if (options.verbose && !signal.aborted) terminal.say('hint', error.message)
    })
    atWork.add(served)
    void served.then(() => atWork.delete(served))
  }
  await Promise.all(atWork)
}

/** A client that leaves, resets or is too slow is dropped; a bug is not hidden. */
function isFailureOfClient(error: unknown): error is Error {
  return error instanceof SocketError || error instanceof TimeLimitError
}

/**
 * What the client asks for. The tutorial's client sends `w` or `ps` and no end of data, so a
 * request is whole as soon as it is one of the two; `p` alone may still become one.
 */
async function receiveRequest(client: TcpSocket, timeoutMs: number): Promise<string> {
  const late = `${formatAddress(client.remoteAddress)} sent no request within ${timeoutMs / 1000} s`
  return await withTimeLimit(timeoutMs, late, async (signal) => {
    let request = ''
    while (request === '' || request === 'p') {
      const piece = await client.recv(REQUEST_BYTES, { signal })
      if (piece.length === 0) break // the end of data
      request += piece.toString('latin1')
    }
    return request.replace(/\n$/, '')
  })
}
