// relay: stands between clients and a server, as a network that cuts, delays and breaks the stream.
import { randomInt } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { hostName, listeningPort, serverPort, wholeNumber } from '../command-line/arguments.ts'
import type { Context } from '../command-line/context.ts'
import { withListener } from '../command-line/server.ts'
import { passOn, type RelayOptions } from '../relay/connection.ts'
import { SEED_LIMIT } from '../relay/cuts.ts'
import {
  type Address,
  connect,
  formatAddress,
  type Listener,
  type TcpSocket,
} from '../socket/index.ts'

const LOOPBACK = '127.0.0.1'
const BACKLOG = 511
const MAX_PIECE_BYTES = 2 ** 20
const MAX_WAIT_MS = 60_000
const DEFAULT_GAP_MS = 20
/** A seed that we choose is short, for somebody may want to type it again. */
const CHOSEN_SEEDS = 10_000

/** Passes on what each client and the server send, until it is interrupted. */
export async function relay(
  listener: Listener,
  address: Address,
  options: RelayOptions,
  { terminal, signal }: Context,
): Promise<void> {
  const serve = async (client: TcpSocket) => {
    const server = await connect({ ...address, signal }).catch((error: Error) => {
      client.reset()
      if (signal.aborted) return undefined
      const who = formatAddress(client.remoteAddress)
      terminal.say('error', `${error.message}; the client ${who} gets a reset`)
    })
    if (server !== undefined) await passOn(client, server, options, signal)
  }
  for await (const client of listener) void serve(client)
}

interface Flags {
  host: string
  cut?: { min: number; max: number }
  seed?: number
  gap: number
  delay?: number
  resetAfter?: number
  endAfter?: number
}

/** The command line of relay. */
export function declare(command: Command, context: Context): void {
  command
    .argument('<port>', 'the port to listen on; 0 for any free one', listeningPort)
    .argument('<host>', "the server's name or IP address", hostName)
    .argument('<server-port>', "the server's port", serverPort)
    .option('--host <address>', 'the address to listen on', hostName, LOOPBACK)
    .option('--cut <a-b>', 'pass the stream on in pieces of a to b bytes, 5 ms apart', pieceRange)
    .option(
      '--seed <n>',
      'where to cut: the same seed cuts at the same bytes (default: a new one)',
      wholeNumber(0, SEED_LIMIT - 1),
    )
    .option(
      '--gap <ms>',
      'pass a piece on before it is full when nothing has come for so long',
      wholeNumber(0, MAX_WAIT_MS),
      DEFAULT_GAP_MS,
    )
    .option('--delay <ms>', 'let every byte arrive so much later', wholeNumber(0, MAX_WAIT_MS))
    .addOption(
      new Option('--reset-after <n>', 'reset the connection after n bytes towards the client')
        .argParser(wholeNumber(0))
        .conflicts('endAfter'),
    )
    .option('--end-after <n>', 'end the data after n bytes towards the client', wholeNumber(0))
    .addHelpText(
      'after',
      `
Stands between any client and any server, and passes every byte on, in both
directions. Let the client connect to the relay's port instead of the
server's. With --cut its recv brings small pieces, as a real network may, at
bytes that the seed decides: the same command, the same pieces. All counts are
bytes; the delay holds in each direction; --reset-after and --end-after count
the bytes from the server towards the client.

Examples:
  pynet relay 2001 localhost 2000 --cut 1-3 --seed 7
  pynet relay 2001 localhost 2000 --cut 4 --gap 200
  pynet relay 2001 www.example.org 80 --delay 100 --trace-file relay.ndjson
  pynet relay 2001 localhost 2000 --reset-after 5`,
    )
    .action(async (port: number, host: string, serverPort: number, flags: Flags) => {
      if (port === serverPort && [flags.host, 'localhost'].includes(host)) {
        command.error(`the relay and its server cannot both be on port ${port} of ${host}`)
      }
      const { seed = randomInt(CHOSEN_SEEDS), cut, gap, delay, resetAfter, endAfter } = flags
      const options = { seed, cut, gapMs: gap, delayMs: delay, resetAfter, endAfter }
      if (cut !== undefined) context.terminal.say('plain', `seed ${seed}`)
      const server = { host, port: serverPort }
      await withListener(port, { host: flags.host, backlog: BACKLOG }, context, (listener) =>
        relay(listener, server, options, context),
      )
    })
}

/** Reads `1-3`, or `3` for pieces that are all of one size. */
function pieceRange(text: string): { min: number; max: number } {
  const [, least = '', most = least] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const [min, max] = [Number(least), Number(most)]
  if (min >= 1 && min <= max && max <= MAX_PIECE_BYTES) return { min, max }
  throw new InvalidArgumentError(
    `It must be the smallest and the largest size in bytes, such as 1-3, from 1 to ${MAX_PIECE_BYTES}.`,
  )
}
