// echo-client, the tutorial's tmc.py (section 2): sends a string and shows the chunks that come back.
import type { Command } from 'commander'
import { wholeNumber } from '../command-line/arguments.ts'
import { addClientOptions, type ClientOptions, withServer } from '../command-line/client.ts'
import type { Context } from '../command-line/context.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { Terminal } from '../terminal/terminal.ts'

const DEFAULT_RECV_SIZE_BYTES = 1_000_000
const MAX_RECV_SIZE_BYTES = 1 << 30
/** So many chunks are shown, the end of data counted; of the others only their size. */
const SHOWN_CHUNKS = 4

/** The command line of echo-client. */
export function declare(command: Command, context: Context): void {
  addClientOptions(command)
    .argument('<string>', 'the string to send; - reads it from standard input')
    .option(
      '--recv-size <bytes>',
      'the most bytes that one recv takes',
      wholeNumber(1, MAX_RECV_SIZE_BYTES),
      DEFAULT_RECV_SIZE_BYTES,
    )
    .addHelpText(
      'after',
      `
Re-creates tmc.py of the tutorial (section 2): it sends a string to echo-server, prints
the first chunks that come back, and how many bytes each recv brought.
A string that begins with a dash comes after --.

Examples:
  pynet echo-client localhost 2000 abc
  pynet echo-client localhost 2000 abc --retry 5 --recv-size 1024
  pynet echo-client localhost 2000 - < letter.txt`,
    )
    .action(
      async (
        host: string,
        port: number,
        string: string,
        options: ClientOptions & { recvSize: number },
      ) => {
        const data = string === '-' ? await context.terminal.keyboard.readAll() : string
        await withServer(host, port, options, context, (server) =>
          echoClient(server, data, options.recvSize, context.terminal),
        )
      },
    )
}

/** Sends the string over the connection and shows what comes back, chunk by chunk. */
export async function echoClient(
  server: TcpSocket,
  string: string | Uint8Array,
  recvSize: number,
  terminal: Terminal,
): Promise<void> {
  // send the test string; read meanwhile, or both ends could wait for each other, with full
  // buffers
  let sendFailure: unknown
  server.sendAll(string).catch((error) => {
    sendFailure = error
  })
  // an empty string sends nothing, and the server would wait for ever: end the data instead
  if (string.length === 0) server.shutdown()

  // read the echo
  const buffer = Buffer.allocUnsafeSlow(recvSize)
  for (let i = 1; ; i++) {
    const count = await server.recvInto(buffer)
    if (i <= SHOWN_CHUNKS)
      await terminal.print(Buffer.concat([buffer.subarray(0, count), LINE_END]))
    if (count === 0) break // the end of data
    await terminal.print(`received ${count} bytes\n`)
  }
  if (sendFailure !== undefined) throw sendFailure
}

const LINE_END = Buffer.from('\n')
