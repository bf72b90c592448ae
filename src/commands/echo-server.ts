// echo-server, the tutorial's tms.py (section 2): one string in, many copies of it back.
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { formatAddress, Selector, type TcpSocket } from '../socket/index.ts'
import { bytesOf } from './shared/amount.ts'
import { seconds, wholeNumber, wordOr } from './shared/arguments.ts'
import type { ClientScope } from './shared/client-scope.ts'
import type { Context } from './shared/context.ts'
import { LimitError } from './shared/limit-error.ts'
import { pythonAddress } from './shared/python.ts'
import { type Listen, runServer } from './shared/server.ts'
import {
  addIdleTimeout,
  addMaxBytes,
  addServerOptions,
  type ServerOptions,
} from './shared/server-options.ts'

const RECV_SIZE_BYTES = 1_000_000
/** A client that sends nothing for this long has sent its string, as far as anyone can tell. */
const SILENCE_MS = 1000
const SEND_BLOCK_BYTES = 1 << 20
const TOO_LATE = 'came after the string was whole, too late for the copies'

interface EchoServerOptions {
  copies: number
  /** When to send: at a key press, at once, or after so many milliseconds. */
  goAhead: 'enter' | 'now' | number
  maxBytes: number
  keepOpen?: boolean
}

/** Serves one client, or with `keepOpen` one after another until it is interrupted. */
export async function echoServer(
  listen: Listen,
  clients: ClientScope,
  options: EchoServerOptions,
  context: Context,
): Promise<void> {
  const listener = await listen()
  do {
    const client = await listener.accept()
    await context.terminal.print(`client is at ${pythonAddress(client.remoteAddress)}\n`)
    await clients.serve(client, async () => {
      const string = await receiveString(client, options.maxBytes)
      await goAhead(client, string.length, options, context)
      await sendCopies(client, string, options.copies)
      await client.close()
      const late = client.bytesReceived - string.length
      if (late > 0) context.terminal.say('warning', `${bytesOf(late)} ${TOO_LATE}`)
    })
  } while (options.keepOpen)
}

/** The whole string, in however many pieces it comes: to the end of data, or to a silence. */
async function receiveString(client: TcpSocket, maxBytes: number): Promise<Buffer> {
  const selector = new Selector()
  selector.register(client)
  const pieces: Buffer[] = []
  for (let length = 0; ; ) {
    // tmc.py never ends its data, so only a silence can tell; but an idle client has not begun.
    const isSilent = length > 0 && (await selector.select(SILENCE_MS)).length === 0
    const piece = isSilent ? Buffer.alloc(0) : await client.recv(RECV_SIZE_BYTES)
    if (piece.length === 0) return Buffer.concat(pieces, length)
    pieces.push(piece)
    length += piece.length
    if (length > maxBytes)
      throw new LimitError(client, `it sent over ${maxBytes} bytes (--max-bytes)`)
  }
}

/** The wait for the keyboard: until then the client's recv blocks. The end of input counts, too. */
async function goAhead(
  client: TcpSocket,
  count: number,
  { goAhead }: EchoServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  if (goAhead === 'enter') {
    const from = formatAddress(client.remoteAddress)
    await terminal.ask(`${bytesOf(count)} from ${from}: press Enter to send the copies back`)
  } else if (goAhead !== 'now') await pause(goAhead, undefined, { signal })
}

/** Sends the copies in large blocks, each when the operating system has taken the one before. */
async function sendCopies(client: TcpSocket, string: Buffer, copies: number): Promise<void> {
  if (string.length === 0) return
  const perBlock = Math.max(1, Math.floor(SEND_BLOCK_BYTES / string.length))
  const block = Buffer.concat(Array(Math.min(perBlock, copies)).fill(string))
  let left = copies
  for (; left >= perBlock; left -= perBlock) await client.sendAll(block)
  if (left > 0) await client.sendAll(block.subarray(0, left * string.length))
}

/** The command line of echo-server. */
export function declare(command: Command, context: Context): void {
  addMaxBytes(addIdleTimeout(addServerOptions(command, 1)), 'how long the string may be')
    .option('--copies <n>', 'how many copies to send back', wholeNumber(1), 10_000)
    .option(
      '--go-ahead <when>',
      'when to send: enter, now, or so many seconds after the whole string',
      wordOr(['enter', 'now'], seconds),
      'enter',
    )
    .option('-k, --keep-open', 'serve one client after another')
    .addHelpText(
      'after',
      `
Re-creates tms.py of the tutorial (section 2): it takes a string from a
client, waits for Enter, and sends the string back in many copies.

Examples:
  pynet echo-server 2000
  pynet echo-server 0 --go-ahead now --copies 3
  pynet echo-server 2000 --keep-open --go-ahead 0.5 --host 127.0.0.1`,
    )
    .action(async (port: number, options: ServerOptions & EchoServerOptions) => {
      const scope = { ...options, endsWithClient: !options.keepOpen }
      await runServer(port, scope, context, (listen, clients) =>
        echoServer(listen, clients, options, context),
      )
    })
}
