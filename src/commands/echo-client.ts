// echo-client, the tutorial's tmc.py (section 2): sends a string and shows the chunks that come back.
import type { Command } from 'commander'
import { wholeNumber } from '../command-line/arguments.ts'
import {
  addClientOptions,
  type ClientOptions,
  nothingCameError,
  withServer,
} from '../command-line/client.ts'
import type { Context } from '../command-line/context.ts'
import { type Address, formatAddress } from '../socket/address.ts'
import { SocketError } from '../socket/errors.ts'
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
Re-creates tmc.py of the tutorial (section 2): it sends a string to
echo-server, prints the first chunks that come back, and how many bytes each
recv brought. A string that begins with a dash comes after --.

Examples:
  pynet echo-client localhost 2000 abc
  pynet echo-client localhost 2000 abc --retry 5 --recv-size 1024
  pynet echo-client localhost 2000 - < letter.txt`,
    )
    .action(
      async (
        host: string,
        port: number,
        argument: string,
        options: ClientOptions & { recvSize: number },
      ) => {
        const isInput = argument === '-'
        const string = isInput ? await context.terminal.keyboard.readAll() : argument
        // The end of the input is passed on. An empty string has nothing else to tell the server.
        const passOnEnd = isInput || string.length === 0
        await withServer(host, port, options, context, (server) =>
          echoClient(server, string, { ...options, passOnEnd }, context.terminal),
        )
      },
    )
}

interface EchoClientOptions {
  recvSize: number
  /** End the data after the string. The tutorial's client does not, and only closes at the end. */
  passOnEnd: boolean
}

/** Sends the string over the connection and shows what comes back, chunk by chunk. */
export async function echoClient(
  server: TcpSocket,
  string: string | Uint8Array,
  { recvSize, passOnEnd }: EchoClientOptions,
  terminal: Terminal,
): Promise<void> {
  // the string leaves while we receive: if both ends only sent, their buffers would fill for ever
  let isSent = false
  let sendFailure: unknown
  server.sendAll(string).then(
    () => {
      isSent = true
      if (passOnEnd) server.shutdown()
    },
    (error) => {
      sendFailure = error
    },
  )

  // each recv gives what has arrived by then, so the chunks tell nothing of the copies' borders
  const buffer = Buffer.allocUnsafeSlow(recvSize)
  for (let i = 1; ; i++) {
    const count = await server.recvInto(buffer)
    if (i <= SHOWN_CHUNKS)
      await terminal.print(Buffer.concat([buffer.subarray(0, count), LINE_END]))
    if (count === 0) break // the end of data
    await terminal.print(`received ${count} bytes\n`)
  }
  if (!isSent) throw sendFailure ?? cutShort(server.remoteAddress)
  if (server.bytesReceived === 0 && string.length > 0) throw nothingCameError(server)
}

const LINE_END = Buffer.from('\n')

function cutShort(address: Address): SocketError {
  const server = formatAddress(address)
  return new SocketError('EPIPE', `${server} ended before it took the whole string`, address)
}
