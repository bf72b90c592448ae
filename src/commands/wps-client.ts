// wps-client, the tutorial's wps.py (section 5.2): asks for w or ps and prints the lines that come.
import { Argument, type Command } from 'commander'
import {
  addClientOptions,
  type ClientOptions,
  nothingCameError,
  withServer,
} from '../command-line/client.ts'
import type { Context } from '../command-line/context.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A line longer than this is printed in pieces, so that no line is too long for our memory. */
const PIECE_BYTES = 65_536

/** The command line of wps-client. */
export function declare(command: Command, context: Context): void {
  addClientOptions(command)
    .addArgument(new Argument('<command>', 'what the server shall run').choices(['w', 'ps']))
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
      await withServer(host, port, options, context, (server) =>
        wpsClient(server, request, context.terminal),
      )
    })
}

/** Sends the request and prints the answer, line by line. */
export async function wpsClient(
  server: TcpSocket,
  request: string,
  terminal: Terminal,
): Promise<void> {
  // send the w or ps command to the server
  await server.sendAll(request)

  // read the result as lines from a file-like object
  const file = server.makeFile({ encoding: 'buffer' })
  for (;;) {
    const line = await file.readLine(PIECE_BYTES).catch(async (error) => {
      await terminal.print(restOf(server))
      throw error
    })
    if (line.length === 0) break // the end of data
    await terminal.print(line)
  }
  if (server.bytesReceived === 0) throw nothingCameError(server)
}

/** The part of a line that came before the connection was lost. */
function restOf(server: TcpSocket): Uint8Array {
  try {
    return server.tryRecv(PIECE_BYTES) ?? Buffer.alloc(0)
  } catch {
    return Buffer.alloc(0) // nothing came, or this program was interrupted and has closed it
  }
}
