// wps-client, the tutorial's wps.py (section 5.2): asks for w or ps and prints the lines that come.
import { Argument, type Command } from 'commander'
import type { TcpSocket } from '../socket/index.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Connect, endedEarly, runClient } from './shared/client.ts'
import { addClientOptions, type ClientOptions } from './shared/client-options.ts'
import type { Context } from './shared/context.ts'

/** A server that sends no newline at all must not fill our memory. */
const MAX_LINE_BYTES = 64 * 2 ** 20
const RECV_SIZE_BYTES = 65_536

/** Sends the request and prints the answer, line by line. */
export async function wpsClient(
  connect: Connect,
  request: string,
  terminal: Terminal,
): Promise<void> {
  const server = await connect()
  // Our direction stays open: the server knows by the bytes alone that the request is whole.
  await server.sendAll(request)

  // On the wire the answer is a stream in chunks of any size; seen as a file it has lines again.
  const file = server.makeFile({ encoding: 'buffer', maxLineBytes: MAX_LINE_BYTES })
  try {
    for await (const line of file) await terminal.print(line)
  } catch (error) {
    await printUnfinishedLine(server, terminal)
    throw error
  }
  if (server.bytesReceived === 0) throw endedEarly(server, 'no answer came')
}

/** Prints the beginning of a line whose end does not come, because the connection is lost. */
async function printUnfinishedLine(server: TcpSocket, terminal: Terminal): Promise<void> {
  try {
    for (;;) {
      const piece = server.tryRecv(RECV_SIZE_BYTES)
      if (piece === undefined || piece.length === 0) return
      await terminal.print(piece)
    }
  } catch {
    // The error that ended the connection comes behind its last bytes; it is known already.
  }
}

/** The command line of wps-client. */
export function declare(command: Command, context: Context): void {
  addClientOptions(command)
    .addArgument(new Argument('<command>', 'what the server runs').choices(['w', 'ps']))
    .addHelpText(
      'after',
      `
Re-creates wps.py of the tutorial (section 5.2): it asks wps-server to run w
or ps on its machine and prints the output.

Examples:
  pynet wps-client localhost 2000 ps
  pynet wps-client localhost 2000 w --timeout 5`,
    )
    .action(async (host: string, port: number, request: string, options: ClientOptions) => {
      await runClient(host, port, options, context, (connect) =>
        wpsClient(connect, request, context.terminal),
      )
    })
}
