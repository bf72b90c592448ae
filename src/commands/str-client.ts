// str-client, the tutorial's strclnt.py (section 6): a dialogue with str-server, a letter at a time.
import type { Command } from 'commander'
import type { TcpSocket } from '../socket/index.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Connect, endedEarly, runClient } from './shared/client.ts'
import { addClientOptions, type ClientOptions } from './shared/client-options.ts'
import type { Context } from './shared/context.ts'

const RECV_SIZE_BYTES = 65_536
const LINE_END = Buffer.from('\n')

/** Asks for letters and shows the server's replies, until an empty line or the end of input. */
export async function strClient(connect: Connect, terminal: Terminal): Promise<void> {
  const server = await connect()
  let length = 0
  for (;;) {
    await terminal.print('enter a letter:')
    const typed = await terminal.keyboard.readLine()
    // Leaving is not a message: the server learns of it when the connection ends.
    if (typed === undefined) terminal.finishLine()
    if (typed === undefined || typed.length === 0) break
    for (const letter of typed) {
      // The next letter waits for this one's reply: two in one segment would get two replies in one.
      await server.sendAll(Uint8Array.of(letter))
      length = await printReply(server, length, letter, terminal)
    }
  }
}

/**
 * Prints one reply, and returns its length. A reply has no length and no end mark on the wire, and
 * TCP may bring it in pieces. But v only grows, and the server sends it as soon as it has appended
 * our letter: so a reply is longer than the one before, and ends with that letter.
 */
async function printReply(
  server: TcpSocket,
  lengthBefore: number,
  letter: number,
  terminal: Terminal,
): Promise<number> {
  for (let length = 0; ; ) {
    const piece = await server.recv(RECV_SIZE_BYTES)
    if (piece.length === 0) {
      throw endedEarly(server, length === 0 ? 'no reply came' : 'in the middle of a reply')
    }
    await terminal.print(piece)
    length += piece.length
    if (length > lengthBefore && piece.at(-1) === letter) {
      await terminal.print(LINE_END)
      return length
    }
  }
}

/** The command line of str-client. */
export function declare(command: Command, context: Context): void {
  addClientOptions(command)
    .addHelpText(
      'after',
      `
Re-creates strclnt.py of the tutorial (section 6): each letter that you type
goes to str-server, which appends it to what all its clients have sent and
sends that back. Enter alone, or Ctrl-D, leaves.

Examples:
  pynet str-client localhost 2000
  printf 'a\\nb\\n\\n' | pynet str-client localhost 2000 --retry 5`,
    )
    .action(async (host: string, port: number, options: ClientOptions) => {
      await runClient(host, port, options, context, (connect) =>
        strClient(connect, context.terminal),
      )
    })
}
