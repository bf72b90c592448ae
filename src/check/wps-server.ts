// The role of wps-server, svr.py: runs w or ps for one client after another, and nothing else.
import { setTimeout as delay } from 'node:timers/promises'
import { bytesOf } from '../trace/amounts.ts'
import { layBaits } from './baits.ts'
import { randomNames } from './letters.ts'
import { cameWords, type Partner } from './partner.ts'
import { startServer } from './server-program.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'
import {
  beginsLike,
  linesOf,
  mistakeIn,
  type SystemCommand,
  shortenedBy,
} from './system-command.ts'
import { shown } from './words.ts'

const RECV_BYTES = 65_536
const MAX_ANSWER_BYTES = 16 << 20
const SILENCE_MS = 500
const BETWEEN_PIECES_MS = 300
const FOREIGN_COMMANDS = ['ls', 'id', 'sh']
const RANDOM_REQUESTS = 64

export const wpsServer: readonly Step[] = [
  ...(['w', 'ps'] as const).map((command): Step => {
    return {
      name: `answers ${command} with the output of ${command}`,
      section: '5.2',
      async run(session) {
        const { client } = await startServer(session)
        return await expectAnswer(client, command)
      },
    }
  }),
  {
    name: 'ends its data after the answer',
    section: '5.3',
    async run(session) {
      const { client } = await startServer(session)
      await client.send('w')
      await receiveToEnd(client)
    },
  },
  {
    name: 'serves the next client',
    section: '5.2',
    async run(session) {
      const { client, connect } = await startServer(session)
      await client.send('ps')
      await receiveToEnd(client)
      client.leave()
      return await expectAnswer(await connect(), 'w')
    },
  },
  {
    name: 'runs no ls, id or sh',
    section: '5.2',
    strict: true,
    run: (session) => expectNothingRun(session, FOREIGN_COMMANDS),
  },
  {
    name: 'runs none of 64 random requests of two bytes',
    section: '5.2',
    strict: true,
    async run(session) {
      const requests = randomNames(session.options.seed, RANDOM_REQUESTS)
      // A server that looks at the beginning only takes the first two for w and ps.
      requests.splice(0, 2, 'wq', 'pq')
      return await expectNothingRun(
        session,
        requests.map((name) => (name === 'ps' ? 'px' : name)),
      )
    },
  },
  {
    name: 'serves a client beside a silent one',
    section: '6',
    strict: true,
    async run(session) {
      const { connect } = await startServer(session) // who is there first says nothing
      return await expectAnswer(await connect(), 'w')
    },
  },
  {
    name: 'sends the last line, too',
    section: '5.3',
    strict: true,
    async run(session) {
      const { client } = await startServer(session)
      return await expectAnswer(client, 'w', { mistakeOf: shortenedBy })
    },
  },
  {
    name: 'takes a request in two pieces',
    section: '2.1',
    strict: true,
    async run(session) {
      const { client } = await startServer(session)
      await client.send('p')
      await delay(BETWEEN_PIECES_MS)
      return await expectAnswer(client, 'ps', { request: 's' })
    },
  },
]

/** Sends the request, and expects what the command prints, as far as one can know it. */
async function expectAnswer(
  client: Partner,
  command: SystemCommand,
  { request = command as string, mistakeOf = mistakeIn } = {},
): Promise<string | undefined> {
  const before = await linesOf(command)
  await client.send(request)
  const pieces: Buffer[] = []
  for (;;) {
    const next = await client.receive(RECV_BYTES)
    const isEnd = typeof next === 'string'
    if (!isEnd) pieces.push(next)
    if (!isEnd && !(await client.isSilent(SILENCE_MS))) continue
    // The answer may be whole: whether the server ends its data is another question.
    if (before.length === 0) return `there is no ${command} on this machine`
    const answer = Buffer.concat(pieces)
    const mistake = mistakeOf(command, answer.toString(), before, await linesOf(command))
    if (mistake === undefined) return undefined
    if (isEnd) throw new Unmet(mistake, cameWords(shown(answer), next))
  }
}

async function receiveToEnd(client: Partner): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let length = 0; length <= MAX_ANSWER_BYTES; ) {
    const next = await client.receive(RECV_BYTES)
    if (next === 'the end of data') return Buffer.concat(pieces)
    if (typeof next === 'string') {
      throw new Unmet('the end of data', cameWords(shown(Buffer.concat(pieces)), next))
    }
    pieces.push(next)
    length += next.length
  }
  throw new Unmet('the end of data', `more than ${bytesOf(MAX_ANSWER_BYTES)}`)
}

/** Sends each request, and expects that it is answered, if at all, without running anything. */
async function expectNothingRun(session: Session, requests: readonly string[]): Promise<undefined> {
  const baits = layBaits(requests, FOREIGN_COMMANDS)
  session.atEnd(() => baits.remove())
  const server = await startServer(session, { env: baits.env })
  // A shell that is started after all must not wait for our keyboard.
  server.program.endInput()
  baits.reset()
  const outputs = await Promise.all(['w', 'ps', 'ls', 'id'].map(linesOf))
  let client = server.client
  for (const [index, request] of requests.entries()) {
    if (index > 0) client = await server.connect()
    await client.send(request)
    client.endData()
    const answer = await receiveToEnd(client)
    if (baits.taken().length > 0 || outputs.some((output) => beginsLike(answer, output))) {
      const came = `it ran, and the answer is ${shown(answer)}`
      throw new Unmet(`the request "${request}" runs nothing`, came)
    }
    client.leave()
    session.renewTime()
  }
}
