// The role of wps-client, wps.py: asks for w or ps, and prints every byte of the answer.
import { setTimeout as delay } from 'node:timers/promises'
import { expectRequest, startClient } from './client-program.ts'
import { allAtOnce, largePieces, type Sizes, smallPieces } from './pieces.ts'
import { expectExit } from './program-end.ts'
import { waitForOutput } from './program-text.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'
import { difference } from './words.ts'

const FEW_LINES = 8
const MANY_LINES = 5000
const LONG_LINE_BYTES = 1e6
const BEFORE_RESET_MS = 100

export const wpsClient: readonly Step[] = [
  {
    name: 'asks with exactly its command',
    section: '5.2',
    async run(session) {
      const { server } = await startClient(session)
      await expectRequest(server, session.lastArgument, 'the command')
    },
  },
  ...[
    { how: 'in pieces of 1 to 7 bytes', lines: FEW_LINES, sizes: smallPieces },
    { how: 'in pieces of 64 KiB', lines: MANY_LINES, sizes: largePieces },
    { how: 'all at once', lines: MANY_LINES, sizes: allAtOnce },
  ].map(({ how, lines, sizes }): Step => {
    return {
      name: `prints every byte that comes, ${how}`,
      section: '5.2',
      run: (session) =>
        expectPrinted(session, sampleLines(lines), sizes(session.options.seed), {
          mayAddNewline: true,
        }),
    }
  }),
  {
    name: 'ends by itself at the end of data',
    section: '5.3',
    async run(session) {
      const { program, server } = await receiveRequest(session)
      await server.send(sampleLines(FEW_LINES))
      server.endData()
      await expectExit(session, program, 'at the end of data', '0')
    },
  },
  {
    name: 'prints a last line without a newline',
    section: '5.3',
    strict: true,
    run: (session) => expectPrinted(session, sampleLines(FEW_LINES).subarray(0, -1), allAtOnce()),
  },
  {
    name: 'prints a line of 1 MB',
    section: '5.2',
    strict: true,
    run: (session) => expectPrinted(session, longLine(), allAtOnce()),
  },
  {
    name: 'fails when the connection is reset',
    section: '5.3',
    strict: true,
    async run(session) {
      const { program, server } = await receiveRequest(session)
      await server.send(sampleLines(FEW_LINES))
      await delay(BEFORE_RESET_MS)
      server.reset()
      await expectExit(session, program, 'at the reset', 'not 0')
    },
  },
]

/** Starts the client and takes its request, whatever it is. */
async function receiveRequest(session: Session) {
  const client = await startClient(session)
  await client.server.takeAny(Buffer.byteLength(session.lastArgument))
  return client
}

/** `mayAddNewline`: as a program does that prints the whole answer at once. */
async function expectPrinted(
  session: Session,
  answer: Buffer,
  sizes: Sizes,
  { mayAddNewline = false } = {},
): Promise<undefined> {
  const { program, server } = await receiveRequest(session)
  await server.sendPieces(answer, sizes)
  server.endData()
  const printed = await waitForOutput(session, program, ({ length }) => length >= answer.length)
  if (printed.equals(answer) || (mayAddNewline && printed.equals(withNewline(answer)))) return
  const { expected, came } = difference(answer, printed)
  throw new Unmet(`on stdout ${expected}`, came)
}

/**
 * Lines as ps has them, blanks at the end too, with characters of two and three bytes to cut; among
 * them an empty line and a short one.
 */
function sampleLines(count: number): Buffer {
  const lines = Array.from({ length: count }, (_, index) => `é${index} pts/0 00:00:01 漢字  \n`)
  return Buffer.from(lines.toSpliced(2, 0, '\n', 'x\n').join(''))
}

function withNewline(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.from('\n')])
}

function longLine(): Buffer {
  return Buffer.from(`${'0123456789'.repeat(LONG_LINE_BYTES / 10)}\n`)
}
