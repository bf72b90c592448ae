// echo-server, the tutorial's tms.py (section 2): one string in, many copies of it back.
import type { Command } from 'commander'
import { seconds, wholeNumber, wordOr } from '../command-line/arguments.ts'
import { useConnection } from '../command-line/connection.ts'
import type { Context } from '../command-line/context.ts'
import { Digest } from '../command-line/digest.ts'
import { pythonAddress } from '../command-line/python.ts'
import { addServerOptions, type ServerOptions, withListener } from '../command-line/server.ts'
import { formatAddress } from '../socket/address.ts'
import { SocketError } from '../socket/errors.ts'
import type { Listener } from '../socket/listener.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import type { Terminal } from '../terminal/terminal.ts'

const RECV_SIZE_BYTES = 1_000_000
const SEND_BLOCK_BYTES = 1 << 20
/** A client that says no more for so long has sent its string, as far as anyone can tell. */
const SILENCE_MS = 50
/** One that does not stop talking is answered after so long, once the go-ahead is there. */
const BURST_LIMIT_MS = 2000

/** When to send: at a key press, at once, or after so many milliseconds. */
type GoAhead = 'enter' | 'now' | number

interface EchoServerOptions {
  copies: number
  goAhead: GoAhead
  keepOpen?: boolean
  verbose?: boolean
}

/** The command line of echo-server. */
export function declare(command: Command, context: Context): void {
  addServerOptions(command, 1)
    .option('--copies <n>', 'how many copies to send back', wholeNumber(0), 10_000)
    .option('--go-ahead <when>', 'when to send: enter, now, or so many seconds', goAhead, 'enter')
    .option('-k, --keep-open', 'serve one client after another')
    .option('--verbose', 'with -k: a line on stderr for each client that failed, not one a second')
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
      await withListener(port, options, context, (listener) =>
        echoServer(listener, options, context),
      )
    })
}

/** Serves one client, or with `keepOpen` one after another until it is interrupted. */
export async function echoServer(
  listener: Listener,
  options: EchoServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  const failures = new Digest<Error>((count, last) =>
    terminal.say('error', count === 1 ? last.message : `${count} clients failed: ${last.message}`),
  )
  signal.addEventListener('abort', () => failures.end(), { once: true })
  do {
    const client = await listener.accept()
    await terminal.print(`client is at ${pythonAddress(client.remoteAddress)}\n`)
    try {
      await useConnection(client, signal, () => serve(client, options, { terminal, signal }))
    } catch (error) {
      if (!options.keepOpen || signal.aborted || !isOf(client, error)) throw error
      if (options.verbose) terminal.say('error', (error as Error).message)
      else failures.add(error as Error)
    }
  } while (options.keepOpen)
}

async function serve(
  client: TcpSocket,
  options: EchoServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  // the string: TCP may bring it in any number of pieces, so an early go-ahead must not cut it
  const pieces = [await client.recv(RECV_SIZE_BYTES)]
  const goAhead = waitForGoAhead(options.goAhead, terminal)
  const given = signalOf(goAhead)
  await receiveBurst(client, pieces, AbortSignal.timeout(BURST_LIMIT_MS))

  // nothing leaves before the go-ahead; what the client sends meanwhile belongs to the string
  if (options.goAhead === 'enter' && terminal.keyboard.isTerminal && !given.aborted) {
    const from = formatAddress(client.remoteAddress)
    const bytes = Buffer.concat(pieces).length
    terminal.say(
      'hint',
      `${bytes} ${bytes === 1 ? 'byte' : 'bytes'} from ${from}: press Enter to send the copies back`,
    )
  }
  await receiveUntil(given, client, pieces)
  await goAhead
  // an interruption ends the wait as well, and is no go-ahead
  signal.throwIfAborted()

  // TCP keeps no borders between the copies: it is one stream of bytes from here on
  await sendCopies(client, Buffer.concat(pieces), options.copies)
}

/** Collects what comes until the client is silent for a while, ends its data, or time is over. */
async function receiveBurst(client: TcpSocket, pieces: Buffer[], over: AbortSignal): Promise<void> {
  while (!over.aborted && !isEnded(pieces)) {
    let piece = await receiveBefore(AbortSignal.timeout(SILENCE_MS), client)
    if (piece === undefined) {
      // A timer of a busy process can go off while input waits: let that come in first.
      await new Promise((resolve) => setImmediate(resolve))
      piece = client.tryRecv(RECV_SIZE_BYTES)
    }
    if (piece === undefined) return
    pieces.push(piece)
  }
}

/** Collects what comes until the signal, or the client's end of data: then the last is empty. */
async function receiveUntil(
  signal: AbortSignal,
  client: TcpSocket,
  pieces: Buffer[],
): Promise<void> {
  while (!isEnded(pieces)) {
    const piece = await receiveBefore(signal, client)
    if (piece === undefined) return
    pieces.push(piece)
  }
}

/** The next piece, or undefined where the signal comes first. */
async function receiveBefore(signal: AbortSignal, client: TcpSocket): Promise<Buffer | undefined> {
  try {
    return await client.recv(RECV_SIZE_BYTES, { signal })
  } catch (error) {
    if (error === signal.reason) return undefined
    throw error
  }
}

function isEnded(pieces: readonly Buffer[]): boolean {
  return pieces.at(-1)?.length === 0
}

/** Resolves when the copies may be sent. The end of input counts as Enter. */
async function waitForGoAhead(goAhead: GoAhead, terminal: Terminal): Promise<void> {
  if (goAhead === 'now') return
  if (goAhead === 'enter') await terminal.keyboard.readLine()
  else await new Promise((resolve) => setTimeout(resolve, goAhead).unref())
}

/** A signal that is aborted as soon as the promise is settled. */
function signalOf(promise: Promise<void>): AbortSignal {
  const settled = new AbortController()
  const abort = () => settled.abort()
  promise.then(abort, abort)
  return settled.signal
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

/** Whether an error is about this client, and so no reason to end the server. */
function isOf(client: TcpSocket, error: unknown): boolean {
  const { host, port } = client.remoteAddress
  return error instanceof SocketError && error.host === host && error.port === port
}

const goAhead = wordOr(['enter', 'now'], seconds)
