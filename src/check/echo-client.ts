// The role of echo-client, tmc.py: sends its string, and reads to the end of data in any pieces.
import { setTimeout as delay } from 'node:timers/promises'
import { pieceSizes } from '../relay/cuts.ts'
import { number } from '../trace/amounts.ts'
import { expectRequest, startClient } from './client-program.ts'
import { expectCounts, expectDataOnce } from './echo-output.ts'
import { allAtOnce, largePieces, type Sizes, smallPieces } from './pieces.ts'
import { peakMemory } from './process-group.ts'
import { expectExit, expectRunning } from './program-end.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'

/** How long a client that has to read on is watched while nothing comes. */
const STILL_READS_MS = 500
/** A slow server, not the end of data: many a client gives up after half a second, or after one. */
const SILENCE_MS = 1200
const BEFORE_RESET_MS = 100
const FEW_BYTES = 200
/** Pieces long enough to tell where one of them begins that does not follow the one before. */
const PRINTED_PIECES = [32, 64] as const
const PRINTED_BYTES = 1500
const MANY_BYTES = 300_000
const BLOCK_BYTES = 1 << 20
/** By the first of these a client has what memory it needs; the rest must not add much to it. */
const WARM_UP_BYTES = 40e6
const BULK_BYTES = 100e6
const MEMORY_GROWTH_BYTES = 30e6

export const echoClient: readonly Step[] = [
  {
    name: 'sends exactly its string',
    section: '2.2',
    async run(session) {
      const { server } = await startClient(session)
      await expectRequest(server, session.lastArgument, 'its string')
    },
  },
  ...[
    { how: 'in pieces of 1 to 7 bytes', length: FEW_BYTES, sizes: smallPieces },
    { how: 'in pieces of 64 KiB', length: MANY_BYTES, sizes: largePieces },
    { how: 'all at once', length: MANY_BYTES, sizes: allAtOnce },
  ].map(({ how, length, sizes }): Step => {
    return {
      name: `reads on until the end of data, ${how}`,
      section: '2.2',
      async run(session) {
        const { program, server } = await receiveString(session)
        await server.sendPieces(copies(session, length), sizes(session.options.seed))
        await expectRunning(program, STILL_READS_MS, 'our data has not ended')
      },
    }
  }),
  {
    name: 'ends by itself at the end of data',
    section: '2.2',
    async run(session) {
      const { program, server } = await receiveString(session)
      await server.sendPieces(copies(session, FEW_BYTES), smallPieces(session.options.seed))
      server.endData()
      await expectExit(session, program, 'at the end of data', '0')
    },
  },
  {
    name: 'counts what it receives',
    section: '2.2',
    async run(session) {
      const { stdout, answer } = await sendWhole(session, MANY_BYTES, smallPieces)
      return expectCounts(stdout, answer)
    },
  },
  {
    name: 'prints its data once, without a gap',
    section: '2.2',
    strict: true,
    async run(session) {
      const sizes = (seed: number) => pieceSizes(seed, ...PRINTED_PIECES)
      const { stdout, answer } = await sendWhole(session, PRINTED_BYTES, sizes)
      expectDataOnce(stdout, copies(session, 1), answer)
      return undefined
    },
  },
  {
    name: 'reads on after a silence of 1.2 s',
    section: '2.2',
    strict: true,
    async run(session) {
      const { program, server } = await receiveString(session)
      await server.send(copies(session, FEW_BYTES))
      await expectRunning(program, SILENCE_MS, 'our data has not ended')
      await server.send(copies(session, FEW_BYTES))
      server.endData()
      await expectExit(session, program, 'at the end of data', '0')
    },
  },
  {
    name: 'copes with no answer at all',
    section: '2.2',
    strict: true,
    async run(session) {
      const { program, server } = await receiveString(session)
      server.endData()
      await expectExit(session, program, 'at the end of data', 'any')
    },
  },
  {
    name: 'fails when the connection is reset',
    section: '2.2',
    strict: true,
    async run(session) {
      const { program, server } = await receiveString(session)
      await server.send(copies(session, FEW_BYTES))
      await delay(BEFORE_RESET_MS)
      server.reset()
      await expectExit(session, program, 'at the reset', 'not 0')
    },
  },
  {
    name: 'takes 100 MB in little memory',
    section: '2.1',
    strict: true,
    async run(session) {
      const { program, server } = await receiveString(session)
      const block = copies(session, BLOCK_BYTES)
      const sendUntil = async (from: number, to: number) => {
        for (let sent = from; sent < to; sent += block.length) await server.send(block)
        return peakMemory(program.pid)
      }
      const before = await sendUntil(0, WARM_UP_BYTES)
      const growth = (await sendUntil(WARM_UP_BYTES, BULK_BYTES)) - before
      if (growth > MEMORY_GROWTH_BYTES) {
        const expected = `at most ${number(MEMORY_GROWTH_BYTES)} bytes of memory for the last 60 MB`
        throw new Unmet(expected, `${number(growth)} bytes more`)
      }
      server.endData()
      await expectExit(session, program, 'at the end of data', '0')
      return before === 0 ? 'its memory is not known: there is no /proc' : undefined
    },
  },
]

/** Starts the client and takes its string, whatever it is. */
async function receiveString(session: Session) {
  const client = await startClient(session)
  await client.server.takeAny(Buffer.byteLength(session.lastArgument))
  return client
}

/** Sends an answer and its end; resolves with it, and what the client has printed by its own end. */
async function sendWhole(session: Session, length: number, sizes: (seed: number) => Sizes) {
  const { program, server } = await receiveString(session)
  const answer = copies(session, length)
  await server.sendPieces(answer, sizes(session.options.seed))
  server.endData()
  await expectExit(session, program, 'at the end of data', 'any')
  return { stdout: program.stdout.bytes, answer }
}

/** As many copies of the client's string as make at least `length` bytes. */
function copies({ lastArgument }: Session, length: number): Buffer {
  const string = Buffer.from(lastArgument === '' ? 'x' : lastArgument)
  return Buffer.concat(Array(Math.ceil(length / string.length)).fill(string))
}
