// str-client, the tutorial's strclnt.py (section 6): a dialogue with str-server, a letter at a time.
import type { Command } from 'commander'
import { addClientOptions, type ClientOptions, withServer } from '../command-line/client.ts'
import type { Context } from '../command-line/context.ts'
import { type Address, formatAddress } from '../socket/address.ts'
import { SocketError } from '../socket/errors.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { Terminal } from '../terminal/terminal.ts'

const RECV_SIZE_BYTES = 65_536

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
      await withServer(host, port, options, context, (server) =>
        strClient(server, context.terminal),
      )
    })
}

/** Asks for letters and shows the server's replies, until an empty line or the end of input. */
export async function strClient(server: TcpSocket, terminal: Terminal): Promise<void> {
  let value = Buffer.alloc(0)
  for (;;) {
    await terminal.print('enter a letter:')
    const typed = await terminal.keyboard.readLine()
    // Leaving is not a message: the server learns of it when the connection ends.
    if (typed === undefined) terminal.finishLine()
    if (typed === undefined || typed.length === 0) break
    for (const letter of typed) {
      // The next letter waits for the reply: two in one segment would have two replies in one.
      await server.sendAll(Uint8Array.of(letter))
      value = await receiveReply(server, value.length, letter, terminal)
      await terminal.print(Buffer.concat([value, LINE_END]))
    }
  }
}

/**
 * One reply. It has no length and no end mark on the wire, and TCP may bring it in pieces. But v
 * only grows, and the server sends it right after it appended our letter. Should the connection
 * end before that letter, what came of the reply is printed all the same.
 */
async function receiveReply(
  server: TcpSocket,
  lengthBefore: number,
  letter: number,
  terminal: Terminal,
): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for (;;) {
      const piece = await server.recv(RECV_SIZE_BYTES)
      if (piece.length === 0) throw endedError(server.remoteAddress, length)
      pieces.push(piece)
      length += piece.length
      if (length > lengthBefore && piece.at(-1) === letter) return Buffer.concat(pieces)
    }
  } catch (error) {
    await terminal.print(Buffer.concat(pieces))
    throw error
  }
}

function endedError(address: Address, length: number): SocketError {
  const where = length === 0 ? 'without a reply' : 'in the middle of a reply'
  const message = `the server ${formatAddress(address)} ended the connection ${where}`
  return new SocketError('ECONNRESET', message, address)
}

const LINE_END = Buffer.from('\n')
