// echo-client, the tutorial's tmc.py (section 2): sends a string and shows the chunks that come back.
import type { Command } from 'commander'
import { problemOf, StreamRecord } from '../echo/stream-record.ts'
import { Selector, SocketError, type TcpSocket } from '../socket/index.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { wholeNumber } from './shared/arguments.ts'
import { type Connect, endedEarly, runClient } from './shared/client.ts'
import { addClientOptions, type ClientOptions } from './shared/client-options.ts'
import type { Context } from './shared/context.ts'

const DEFAULT_RECV_SIZE_BYTES = 1_000_000
const MAX_RECV_SIZE_BYTES = 1 << 30
/** The listing prints the first four chunks, the end of data counted, and of the others the size. */
const SHOWN_CHUNKS = 4
const LINE_END = Buffer.from('\n')

/** A string in the pieces in which it comes: one for an argument, many for standard input. */
type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Sends the string, shows what comes back, and checks that no copy was cut. */
export async function echoClient(
  connect: Connect,
  string: Pieces,
  { recvSize }: { recvSize: number },
  terminal: Terminal,
): Promise<void> {
  const server = await connect()
  const sent = new StreamRecord()
  let hasSentAll = false
  const inputFailure = new AbortController()
  const sending = sendString(server, string, sent).then(
    () => {
      hasSentAll = true
    },
    (error) => {
      // If the connection is lost, recv reports it after the last bytes.
      if (!(error instanceof SocketError)) inputFailure.abort(error)
    },
  )
  // A server may answer before it has taken the string: if both ends only sent, the buffers of
  // both would fill up, and neither could go on.
  await Promise.race([sending, readable(server)])

  // Each recv brings what has arrived by then, so the chunks tell nothing of the copies' borders.
  const received = new StreamRecord()
  const buffer = Buffer.allocUnsafeSlow(recvSize)
  for (let i = 1; ; i++) {
    const count = await server.recvInto(buffer, { signal: inputFailure.signal })
    const chunk = buffer.subarray(0, count)
    if (i <= SHOWN_CHUNKS) await terminal.print(Buffer.concat([chunk, LINE_END]))
    if (count === 0) break // the end of data
    received.add(chunk)
    await terminal.print(`received ${count} bytes\n`)
  }
  const problem = hasSentAll ? problemOf(sent, received) : 'it had not taken the whole string'
  if (problem !== undefined) throw endedEarly(server, problem)
}

/** Sends the string, then ends our data, which tells the server that the string is whole. */
async function sendString(server: TcpSocket, string: Pieces, sent: StreamRecord): Promise<void> {
  for await (const piece of string) {
    sent.add(piece)
    await server.sendAll(piece)
  }
  server.shutdown()
}

/** Resolves as soon as a recv would return at once. */
async function readable(server: TcpSocket): Promise<void> {
  const selector = new Selector()
  selector.register(server)
  await selector.select()
}

/** The command line of echo-client. */
export function declare(command: Command, context: Context): void {
  const { keyboard } = context.terminal
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
  pynet echo-client localhost 2000 'to be or not to be' --retry 5
  pynet echo-client localhost 2000 - < letter.txt`,
    )
    .action(
      async (
        host: string,
        port: number,
        argument: string,
        options: ClientOptions & { recvSize: number },
      ) => {
        const string = argument === '-' ? keyboard.pieces() : [Buffer.from(argument)]
        await runClient(host, port, options, context, (connect) =>
          echoClient(connect, string, options, context.terminal),
        )
      },
    )
}
