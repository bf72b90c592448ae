// relay: stands between clients and a server, as a network that cuts, delays and breaks the stream.
import { randomInt } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { passOn, type RelayOptions } from '../relay/connection.ts'
import { SEED_LIMIT } from '../relay/cuts.ts'
import {
  type Address,
  connect,
  formatAddress,
  type Listener,
  type TcpSocket,
} from '../socket/index.ts'
import { withAdvice } from './shared/advice.ts'
import { hostName, listeningPort, serverPort, wholeNumber } from './shared/arguments.ts'
import type { ClientScope } from './shared/client-scope.ts'
import type { Context } from './shared/context.ts'
import { runServer } from './shared/server.ts'
import { addTraceOptions } from './shared/trace-options.ts'

/** Any number of clients, as far as the operating system lets us have two sockets for each. */
const LIMITS = { backlog: 511, maxConnections: 1_000_000, filesPerClient: 2 }
const MAX_PIECE_BYTES = 2 ** 20
const MAX_WAIT_MS = 60_000
const DEFAULT_GAP_MS = 20
/** A seed that we choose is short, for somebody may want to type it again. */
const CHOSEN_SEEDS = 10_000

/** Passes on what the clients and the server send, until it is interrupted. */
export async function relay(
  listener: Listener,
  clients: ClientScope,
  address: Address,
  options: RelayOptions,
  { terminal, signal }: Context,
): Promise<void> {
  const serve = async (client: TcpSocket) => {
    const server = await connect({ ...address, signal }).catch((error) => {
      client.reset()
      if (signal.aborted) return undefined
      const { message } = withAdvice(error) as Error
      terminal.say('error', `${message}; ${formatAddress(client.remoteAddress)} is reset`)
    })
    if (server !== undefined) clients.report(client, await passOn(client, server, options, signal))
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
  verbose?: boolean
}

/** The command line of relay. */
export function declare(command: Command, context: Context): void {
  command
    .argument('<port>', 'the port to listen on; 0 for any free one', listeningPort)
    .argument('<host>', "the server's name or IP address", hostName)
    .argument('<server-port>', "the server's port", serverPort)
    .option('--host <address>', 'the address to listen on', hostName, '127.0.0.1')
    .option('--cut <a-b>', 'pass the bytes on in pieces of a to b bytes, 5 ms apart', pieceSizes)
    .option(
      '--seed <n>',
      'decides where to cut: the same seed, the same pieces (default: a new one)',
      wholeNumber(0, SEED_LIMIT - 1),
    )
    .option(
      '--gap <ms>',
      'pass on a piece that is not full when nothing has come for this long',
      wholeNumber(0, MAX_WAIT_MS),
      DEFAULT_GAP_MS,
    )
    .option('--delay <ms>', 'pass each byte on this much later', wholeNumber(0, MAX_WAIT_MS))
    .addOption(
      new Option('--reset-after <n>', 'reset the connection after n bytes towards the client')
        .argParser(wholeNumber(0))
        .conflicts('endAfter'),
    )
    .option('--end-after <n>', 'end the data after n bytes towards the client', wholeNumber(0))
    .option('--verbose', 'say on stderr which clients left or failed, and why')
  addTraceOptions(command)
    .addHelpText(
      'after',
      `
Stands between any client and any server and passes every byte on, in both
directions: the client connects to the relay's port instead of the server's.
With --cut its recv brings small pieces, as on a real network, but cut at the
same bytes in every run. All counts are of bytes. --delay holds for each
direction; --reset-after and --end-after count the bytes that go from the
server towards the client.

Examples:
  pynet relay 2001 localhost 2000 --cut 1-3 --seed 7
  pynet relay 2001 localhost 2000 --cut 4 --gap 200
  pynet relay 2001 www.example.org 80 --delay 100 --trace-file relay.ndjson
  pynet relay 2001 localhost 2000 --reset-after 5`,
    )
    .action(async (port: number, host: string, serverPort: number, flags: Flags) => {
      if (port === serverPort && [flags.host, 'localhost'].includes(host)) {
        command.error(`the relay and its server cannot both have port ${port} of ${host}`)
      }
      const { cut, seed = randomInt(CHOSEN_SEEDS), gap, delay, resetAfter, endAfter } = flags
      const options = { cut, seed, gapMs: gap, delayMs: delay, resetAfter, endAfter }
      if (cut !== undefined) context.terminal.say('plain', `seed ${seed}`)
      await runServer(port, { ...LIMITS, ...flags }, context, async (listen, clients) =>
        relay(await listen(), clients, { host, port: serverPort }, options, context),
      )
    })
}

/** Reads `1-3`; a single `3` makes all pieces of that size. */
function pieceSizes(text: string): { min: number; max: number } {
  const [, least = '', most = least] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const [min, max] = [Number(least), Number(most)]
  if (min >= 1 && min <= max && max <= MAX_PIECE_BYTES) return { min, max }
  throw new InvalidArgumentError(
    `It must be the smallest and the largest size in bytes, such as 1-3, from 1 to ${MAX_PIECE_BYTES}.`,
  )
}
