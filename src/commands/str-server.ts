// str-server, the tutorial's strsvr.py (section 6): several clients at once add letters to one string.
import { type Command, Option } from 'commander'
import { wholeNumber, wordOr } from '../command-line/arguments.ts'
import type { Context } from '../command-line/context.ts'
import {
  addConnectionLimit,
  addServerOptions,
  type ServerOptions,
  withListener,
} from '../command-line/server.ts'
import type { Listener } from '../socket/listener.ts'
import { tellOfClients } from '../str/client-events.ts'
import { ClientList } from '../str/client-list.ts'
import { GrowingBytes } from '../str/growing-bytes.ts'
import { Polling } from '../str/polling.ts'
import { Selecting } from '../str/selecting.ts'
import { takeTurns } from '../str/turns.ts'

const BACKLOG = 5
const MAX_CLIENTS = 65_535
const MAX_BYTES = 2 ** 30
const DEFAULT_MAX_BYTES = 16 * 2 ** 20

interface StrServerOptions {
  clients: number | 'any'
  poll: 'select' | 'nonblocking'
  maxBytes: number
  verbose?: boolean
}

/** The command line of str-server. */
export function declare(command: Command, context: Context): void {
  addConnectionLimit(addServerOptions(command, BACKLOG), 'with --clients any: ')
    .option('--clients <n|any>', 'how many clients to wait for; any: whoever comes', clientCount, 2)
    .addOption(
      new Option('--poll <how>', 'how to wait for input')
        .choices(['select', 'nonblocking'])
        .default('select'),
    )
    .option(
      '--max-bytes <n>',
      'how long v may grow; who sends more is dropped',
      wholeNumber(1, MAX_BYTES),
      DEFAULT_MAX_BYTES,
    )
    .option('--verbose', 'say on stderr which clients have left, and which were lost, and why')
    .addHelpText(
      'after',
      `
Re-creates strsvr.py of the tutorial (section 6): it appends each letter that
a client sends to one string v, and the sender gets all of v back. The last
one to leave ends it, and v is printed. A larger number of clients, or
--max-connections with any, raises the backlog.

Examples:
  pynet str-server 2000
  pynet str-server 0 --clients 3
  pynet str-server 2000 --clients any --poll nonblocking`,
    )
    .action(async (port: number, options: ServerOptions & StrServerOptions) => {
      const { clients } = options
      // Those who come behind the last that is waited for are closed when it is there.
      const maxConnections = clients === 'any' ? options.maxConnections : undefined
      const isDefault = command.getOptionValueSource('backlog') === 'default'
      const backlog = isDefault
        ? Math.max(BACKLOG, maxConnections ?? Number(clients))
        : options.backlog
      await withListener(port, { ...options, backlog, maxConnections }, context, (listener) =>
        strServer(listener, options, context),
      )
    })
}

/** Takes the clients in, serves them until all have left, and prints what v has become. */
export async function strServer(
  listener: Listener,
  { clients: count, poll, maxBytes, verbose }: StrServerOptions,
  { terminal, signal }: Context,
): Promise<void> {
  // One string for everybody, and everybody who writes to it.
  const v = new GrowingBytes(maxBytes)
  const how = poll === 'select' ? new Selecting() : new Polling()
  const clients = new ClientList(how, tellOfClients(terminal, { maxBytes, verbose }))
  // Closed connections count as ready, and the loop below finds that everybody has left.
  const interrupt = () => void clients.close()
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    // A fixed number is complete before anyone is served: until then letters wait unread. Behind
    // the last one the port is closed. With any the listener stays, one more that can be ready.
    if (count === 'any') {
      clients.expectFrom(listener)
    } else {
      for (let missing = count; missing > 0; missing--) {
        terminal.hint(`waiting for ${missing} more ${missing === 1 ? 'client' : 'clients'}`)
        clients.add(await listener.accept())
      }
      await listener.close()
    }

    // No wait is for one client alone, so a silent one holds nobody up; nor does one that sends a
    // burst, for its second letter comes after the first of all others. What a client gets back in
    // this turn goes out in one piece.
    while (!clients.haveAllLeft) {
      const ready = await clients.ready()
      takeTurns(ready, (client) => client.serveLetter(v))
      for (const client of ready) client.sendReplies(v)
    }
  } finally {
    const closed = Promise.all([listener.close(), clients.close()])
    await terminal.print(Buffer.concat([FINAL_VALUE, v.bytes, LINE_END]))
    await closed
  }
}

const FINAL_VALUE = Buffer.from('the final value of v is ')
const LINE_END = Buffer.from('\n')

const clientCount = wordOr(['any'], wholeNumber(1, MAX_CLIENTS))
