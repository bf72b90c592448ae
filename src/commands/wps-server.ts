// wps-server, the tutorial's svr.py (section 5.2): runs w or ps for whoever asks, and nothing else.
import type { Command } from 'commander'
import type { Listener, TcpSocket } from '../socket/index.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { commandRunner } from '../wps/command-runner.ts'
import { positiveSeconds } from './shared/arguments.ts'
import type { ClientScope } from './shared/client-scope.ts'
import type { Context } from './shared/context.ts'
import { pythonAddress } from './shared/python.ts'
import { type Listen, runServer } from './shared/server.ts'
import { addServerOptions, type ServerOptions } from './shared/server-options.ts'

const BACKLOG = 511
const DEFAULT_TIMEOUT_MS = 10_000
/** Enough to see that a request is too long to be one of ours. */
const REQUEST_BYTES = 64
const REFUSAL = ['pynet: this server runs w and ps, and nothing else\n']
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/

interface WpsServerOptions {
  timeout: number
  omitLastLine?: boolean
}

/** Serves clients at the same time, until it is interrupted. */
export async function wpsServer(
  listen: Listen,
  clients: ClientScope,
  { timeout, omitLastLine }: WpsServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  // A client's bytes select one of two fixed commands; they never become part of a command line.
  const options = { timeoutMs: timeout, omitLastLine, signal }
  const commands = new Map(['w', 'ps'].map((name) => [name, commandRunner(name, options)]))

  const listener = await listen()
  warnBeyondLoopback(listener, terminal)
  for await (const client of listener) {
    await terminal.print(`client is at ${pythonAddress(client.remoteAddress)}\n`)
    // Not awaited: the next client is accepted while this one is served.
    void clients.serve(client, async () => {
      const command = commands.get(await receiveRequest(client))
      const lines = command === undefined ? REFUSAL : await command()
      await client.makeFile().writeLines(lines)
    })
  }
}

/**
 * What the client asks for. wps.py sends `w` or `ps` and no end of data, so a request is whole as
 * soon as it is one of the two; `p` alone may still become one.
 */
async function receiveRequest(client: TcpSocket): Promise<string> {
  let request = ''
  while (request === '' || request === 'p') {
    const piece = await client.recv(REQUEST_BYTES)
    if (piece.length === 0) break // the end of data
    request += piece.toString('latin1')
  }
  return request.replace(/\r?\n$/, '')
}

/** The command line of wps-server. */
export function declare(command: Command, context: Context): void {
  addServerOptions(command, BACKLOG)
    .option(
      '--timeout <seconds>',
      'how long each wait may take: for a request, for the command, for a client to take a byte (default: 10)',
      positiveSeconds,
    )
    .option('--omit-last-line', "leave out the output's last line, as the original does")
    .addHelpText(
      'after',
      `
Re-creates svr.py of the tutorial (section 5.2): a client sends w or ps, and
gets the output of that command on this machine. Anyone who can reach the port
can see it.

Examples:
  pynet wps-server 2000 --host 127.0.0.1
  pynet wps-server 0 --timeout 5
  pynet wps-server 2000 --omit-last-line`,
    )
    .action(async (port: number, options: ServerOptions & Partial<WpsServerOptions>) => {
      const { timeout = DEFAULT_TIMEOUT_MS } = options
      const scope = { ...options, idleTimeout: timeout }
      await runServer(port, scope, context, (listen, clients) =>
        wpsServer(listen, clients, { ...options, timeout }, context),
      )
    })
}

function warnBeyondLoopback(listener: Listener, terminal: Terminal): void {
  if (LOOPBACK.test(listener.address.host)) return
  const warning = 'anyone who can reach this port sees the users and processes of this machine'
  terminal.say('warning', `${warning} (--host 127.0.0.1 keeps others out)`)
}
