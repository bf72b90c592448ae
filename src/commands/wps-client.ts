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
        wpsClient(server, request, context),
      )
    })
}

/** Sends the request and prints the answer, line by line. */
export async function wpsClient(
  server: TcpSocket,
  request: string,
  { terminal, signal }: Context,
): Promise<void> {
  // One byte or two, and our direction stays open behind them: the server knows by the bytes alone
  // that the request is whole.
  await server.sendAll(request)

  // On the wire the answer is a stream in chunks of any size; seen as a file it has its lines again.
  const file = server.makeFile({ encoding: 'buffer' })
  try {
    for (;;) {
      const line = await file.readLine(PIECE_BYTES, { signal })
      if (line.length === 0) break // the end of data
      await terminal.print(line)
    }
  } catch (error) {
    await terminal.print(restOf(server))
    throw error
  }
  if (server.bytesReceived === 0) throw nothingCameError(server)
}

/** The part of a line whose end did not come: the connection is lost, or nobody waits any more. */
function restOf(server: TcpSocket): Uint8Array {
  try {
    return server.tryRecv(PIECE_BYTES) ?? Buffer.alloc(0)
  } catch {
    return Buffer.alloc(0) // nothing had come
  }
}
