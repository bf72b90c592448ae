// The role of echo-server, tms.py: one string in, copies of it back, when its key is pressed.
import { setTimeout as delay } from 'node:timers/promises'
import { differentLetters } from './letters.ts'
import { cameWords, type Partner } from './partner.ts'
import { expectNoFailure } from './program-end.ts'
import { copiesOf, RepeatedString } from './repeated.ts'
import { type ServerProgram, startServer } from './server-program.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'
import { shown } from './words.ts'

const SILENCE_MS = 500
const STRING_BYTES = 7
/** As long as it may be for a server that takes it with one recv of 1,024 bytes. */
const LARGE_STRING_BYTES = 1000
/** More than fits into the buffers that are usual: 1,024, 4,096 and 8,192 bytes. */
const LONG_STRING_BYTES = 10_000
/** They show whether the string was taken whole; 10,000 of it would be 100 MB. */
const FEW_COPIES = 10
const RECV_BYTES = 65_536
/** A slow reader takes nothing for a while, and then little by little. */
const SLOW_START_MS = 300
const SLOW_PAUSE_MS = 5
const SLOW_READS = 20
const BETWEEN_PIECES_MS = 300

export const echoServer: readonly Step[] = [
  {
    name: 'accepts a client, and waits for its string',
    section: '2.1',
    async run(session) {
      const { client } = await startServer(session)
      await client.expectNothing(SILENCE_MS, 'before the client has sent its string')
    },
  },
  {
    name: 'sends nothing before its go-ahead',
    section: '2.2',
    async run(session) {
      const { client } = await startServer(session)
      await client.send(smallString(session))
      await client.expectNothing(SILENCE_MS, 'after the string, for its key is not pressed')
      // A server that waits for the end of the string has it now, and may end its own data.
      client.endData()
      if (await client.isSilent(SILENCE_MS)) return
      const next = await client.receive(RECV_BYTES)
      if (typeof next === 'string') return
      throw new Unmet('nothing before its key is pressed', shown(next))
    },
  },
  {
    name: 'sends whole copies of the string',
    section: '2.1',
    async run(session) {
      const server = await startServer(session)
      await exchange(session, server, server.client, { string: smallString(session) })
    },
  },
  {
    name: 'ends its data after the copies',
    section: '2.2',
    async run(session) {
      const { client, program } = await startServer(session)
      await client.send(smallString(session))
      program.type(session.options.goAheadInput)
      const ending = await client.dropAll()
      if (ending !== 'the end of data') throw new Unmet('the end of data after the copies', ending)
    },
  },
  {
    name: 'sends all of a large answer to a slow reader',
    section: '4',
    async run(session) {
      const server = await startServer(session)
      await exchange(session, server, server.client, {
        string: numbers(LARGE_STRING_BYTES),
        isSlow: true,
      })
    },
  },
  {
    name: 'takes a string in two pieces, and the end of data',
    section: '2.1',
    strict: true,
    async run(session) {
      const server = await startServer(session)
      const string = twoPieces(session)
      await server.client.send(string.subarray(0, string.length / 2))
      await delay(BETWEEN_PIECES_MS)
      await server.client.send(string.subarray(string.length / 2))
      server.client.endData()
      await receiveCopies(session, server, server.client, { string })
    },
  },
  {
    name: 'takes a string of 10,000 bytes whole',
    section: '2.1',
    strict: true,
    async run(session) {
      const server = await startServer(session)
      const string = numbers(LONG_STRING_BYTES)
      await server.client.send(string)
      server.client.endData()
      await receiveCopies(session, server, server.client, { string, enough: FEW_COPIES })
    },
  },
  {
    name: 'ends with exit code 0, if it ends',
    section: '2.1',
    strict: true,
    async run(session) {
      const server = await startServer(session)
      await exchange(session, server, server.client, { string: smallString(session) })
      server.client.leave()
      await expectNoFailure(server.program)
      return undefined
    },
  },
  {
    name: 'serves a second client after the first',
    section: '2.1',
    strict: true,
    async run(session) {
      const server = await startServer(session)
      const string = smallString(session)
      await exchange(session, server, server.client, { string })
      server.client.leave()
      await exchange(session, server, await server.connect(), { string })
    },
  },
  {
    name: 'starts again on the same port at once',
    section: '2.1',
    strict: true,
    async run(session) {
      const first = await startServer(session)
      // The end that closes first keeps the port for a minute (TIME_WAIT): here the server.
      await exchange(session, first, first.client, { string: smallString(session) })
      first.client.leave()
      await first.program.stop()
      const again = await startServer(session, { port: first.port })
      await exchange(session, again, again.client, { string: smallString(session) })
    },
  },
]

function smallString(session: Session): Buffer {
  return Buffer.from(differentLetters(session.options.seed, STRING_BYTES))
}

/** Its middle lies within a character. */
function twoPieces(session: Session): Buffer {
  const letters = differentLetters(session.options.seed, 10)
  return Buffer.from(`${letters.slice(0, 5)}é${letters.slice(5)}`)
}

/** Each part of it is different from every other. */
function numbers(length: number): Buffer {
  const all = Array.from({ length: length / 4 }, (_, index) => String(index).padStart(4, ' '))
  return Buffer.from(all.join(''))
}

interface Exchange {
  readonly string: Buffer
  readonly isSlow?: boolean
  /** After so many copies no more are waited for. */
  readonly enough?: number
}

/** The tutorial's session: the string in one piece, without an end, then the go-ahead. */
async function exchange(
  session: Session,
  server: ServerProgram,
  client: Partner,
  what: Exchange,
): Promise<void> {
  await client.send(what.string)
  await receiveCopies(session, server, client, what)
}

/**
 * Gives the go-ahead and receives copies: as many as are expected, and behind them the end, whatever
 * it is, or nothing for half a second.
 */
async function receiveCopies(
  { options: { copies, goAheadInput } }: Session,
  { program }: ServerProgram,
  client: Partner,
  { string, isSlow = false, enough = Infinity }: Exchange,
): Promise<void> {
  const many = copies === undefined ? 'whole copies' : copiesOf(copies)
  const expected = `${many} of ${shown(string)}`
  const received = new RepeatedString(string)
  program.type(goAheadInput)
  if (isSlow) await delay(SLOW_START_MS)
  for (let reads = 1; ; reads++) {
    if (received.copies >= enough) return
    const isComplete = received.isWhole && (copies === undefined || received.copies === copies)
    if (isComplete && (await client.isSilent(SILENCE_MS))) return
    const next = await client.receive(RECV_BYTES)
    if (typeof next === 'string') {
      if (isComplete) return
      throw new Unmet(expected, cameWords(received.words, next))
    }
    if (!received.take(next)) {
      const before = received.words === 'nothing' ? '' : `${received.words}, then `
      throw new Unmet(expected, before + shown(next))
    }
    if (isSlow && reads <= SLOW_READS) await delay(SLOW_PAUSE_MS)
  }
}
