// str-server, the tutorial's strsvr.py (section 6): several clients at once add letters to one string.
import { type Command, Option } from 'commander'
import { Selector, type TcpSocket } from '../socket/index.ts'
import { Clients } from '../str/clients.ts'
import { GrowingBytes } from '../str/growing-bytes.ts'
import { Polling } from '../str/polling.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { wholeNumber, wordOr } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'
import { isClientError, LimitError } from './shared/limit-error.ts'
import { type Listen, runServer } from './shared/server.ts'
import {
  addIdleTimeout,
  addMaxBytes,
  addServerOptions,
  type ServerOptions,
} from './shared/server-options.ts'

const BACKLOG = 5
const MAX_CLIENTS = 65_535
/** After so many rounds the event loop has a turn, in which the letters of other clients arrive. */
const ROUNDS_IN_A_TURN = 256
const FINAL_VALUE = Buffer.from('the final value of v is ')
const LINE_END = Buffer.from('\n')

interface StrServerOptions {
  clients: number | 'any'
  poll: 'select' | 'nonblocking'
  maxBytes: number
}

/** Takes the clients in, serves them until all have left, and prints what v has become. */
export async function strServer(
  listen: Listen,
  clients: Clients,
  { clients: count, maxBytes }: StrServerOptions,
  terminal: Terminal,
): Promise<void> {
  const listener = await listen()
  // One string for all clients together.
  const v = new GrowingBytes(maxBytes)
  try {
    // Nobody is served before all are there: until then, letters wait unread. Then the port is closed.
    for (let missing = count === 'any' ? 1 : count; missing > 0; missing--) {
      terminal.hint(`waiting for ${missing} more ${missing === 1 ? 'client' : 'clients'}`)
      clients.add(await listener.accept())
    }
    if (count === 'any') void clients.addAllFrom(listener)
    else await listener.close()

    // A letter of each that has sent some, round after round: neither a client that is silent nor
    // one that sends a thousand letters keeps the others waiting.
    while (clients.size > 0) {
      let ready = await clients.ready()
      for (let round = 0; ready.length > 0 && round < ROUNDS_IN_A_TURN; round++) {
        ready = ready.filter((client) => serveLetter(client, clients, v))
      }
    }
  } finally {
    await listener.close()
    clients.leaveAll() // there are none, unless the server was interrupted
    await terminal.print(Buffer.concat([FINAL_VALUE, v.bytes, LINE_END]))
  }
}

/** Appends one letter, and sends back all of v; returns whether the client may have sent more. */
function serveLetter(client: TcpSocket, clients: Clients, v: GrowingBytes): boolean {
  try {
    const letter = client.tryRecv(1)
    if (letter === undefined) return false // it would block
    if (letter.length > 0) {
      const value = v.append(letter)
      if (value === undefined)
        throw new LimitError(client, `v has ${v.maxBytes} bytes (--max-bytes)`)
      return clients.reply(client, value)
    }
    clients.leave(client) // the end of data
  } catch (error) {
    if (!isClientError(error)) throw error
    clients.leave(client, error) // the connection is lost, or v has no room for the letter
  }
  return false
}

/** The command line of str-server. */
export function declare(command: Command, context: Context): void {
  addMaxBytes(addIdleTimeout(addServerOptions(command, BACKLOG)), 'how long v may become')
    .option(
      '--clients <n|any>',
      'how many clients to wait for; any: whoever connects, until all have left',
      wordOr(['any'], wholeNumber(1, MAX_CLIENTS)),
      2,
    )
    .addOption(
      new Option('--poll <how>', 'how to wait for input')
        .choices(['select', 'nonblocking'])
        .default('select'),
    )
    .addHelpText(
      'after',
      `
Re-creates strsvr.py of the tutorial (section 6): it appends each letter that
a client sends to one string v, and the sender gets all of v back. When the
last client has left, it prints v and ends.

Examples:
  pynet str-server 2000
  pynet str-server 0 --clients 3
  pynet str-server 2000 --clients any --poll nonblocking`,
    )
    .action(async (port: number, options: ServerOptions & StrServerOptions) => {
      const neededClients = options.clients === 'any' ? 1 : options.clients
      const isLimited = command.getOptionValueSource('maxConnections') !== 'default'
      if (isLimited && options.maxConnections < neededClients) {
        command.error(
          `--max-connections ${options.maxConnections} is too few for --clients ${neededClients}`,
        )
      }
      const maxConnections = Math.max(neededClients, options.maxConnections)
      const expected = options.clients === 'any' ? maxConnections : neededClients
      const isDefault = command.getOptionValueSource('backlog') === 'default'
      const backlog = isDefault ? Math.max(BACKLOG, expected) : options.backlog
      const scope = { ...options, backlog, maxConnections, neededClients }
      await runServer(port, scope, context, (listen, { serve }) => {
        const poll = options.poll === 'select' ? new Selector() : new Polling()
        const clients = new Clients(poll, serve, options.idleTimeout)
        return strServer(listen, clients, options, context.terminal)
      })
    })
}
