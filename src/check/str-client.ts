// The role of str-client, strclnt.py: a dialogue, a letter at a time, until an empty line.
import { setTimeout as delay } from 'node:timers/promises'
import { type ClientProgram, expectRequest, startClient } from './client-program.ts'
import { differentLetters } from './letters.ts'
import type { Program } from './program.ts'
import { expectExit } from './program-end.ts'
import { waitForOutput } from './program-text.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'
import { shown } from './words.ts'

const BETWEEN_PIECES_MS = 100
/** Whoever types reads first: some programs drop what comes before they ask. */
const QUIET_MS = 100
/** What other clients have sent before; none of it is a letter that we type. */
const OTHERS_LETTERS = 3
const LONG_REPLY_BYTES = 2000
const HUGE_REPLY_BYTES = 1e6

export const strClient: readonly Step[] = [
  {
    name: 'sends exactly the letter typed',
    section: '6',
    async run(session) {
      const { program, server } = await startClient(session)
      await typeWhenQuiet(program, 'a\n')
      await expectRequest(server, 'a', 'the letter')
    },
  },
  {
    name: 'prints each reply whole',
    section: '6',
    run: (session) => expectDialogue(session, repliesTo(session, 'abc', OTHERS_LETTERS)),
  },
  {
    name: 'asks again after a reply',
    section: '6',
    async run(session) {
      const client = await startClient(session)
      await answer(client, 'a', 'a')
      await answer(client, 'b', 'ab')
    },
  },
  {
    name: 'leaves on an empty line, and ends its connection',
    section: '6',
    async run(session) {
      const client = await startClient(session)
      await answer(client, 'a', 'a')
      await typeWhenQuiet(client.program, '\n')
      await client.server.expectEnd('when an empty line is typed')
      client.server.leave()
      await expectExit(session, client.program, 'when an empty line is typed', '0')
    },
  },
  {
    name: 'puts a reply in pieces together',
    section: '2.1',
    strict: true,
    run: (session) =>
      expectDialogue(session, repliesTo(session, 'abc', OTHERS_LETTERS), inThreePieces),
  },
  {
    name: 'reads on after the same letter in the middle of a reply',
    section: '2.1',
    strict: true,
    // The piece is no longer than the reply before: that it is not all of it can be known.
    run: (session) =>
      expectDialogue(session, repliesTo(session, 'aba', OTHERS_LETTERS), behindFirstCopy),
  },
  {
    name: 'leaves at the end of its input',
    section: '6',
    strict: true,
    async run(session) {
      const client = await startClient(session)
      await answer(client, 'a', 'a')
      await untilQuiet(client.program)
      client.program.endInput()
      await client.server.expectEnd('at the end of the input')
      client.server.leave()
      await expectExit(session, client.program, 'at the end of its input', '0')
    },
  },
  {
    name: 'prints a reply of 2,000 bytes',
    section: '6',
    strict: true,
    run: (session) => expectDialogue(session, repliesTo(session, 'ab', LONG_REPLY_BYTES)),
  },
  {
    name: 'prints a reply of 1 MB',
    section: '6',
    strict: true,
    run: (session) => expectDialogue(session, repliesTo(session, 'a', HUGE_REPLY_BYTES)),
  },
  {
    name: 'fails when the server ends in the middle of a reply',
    section: '2.2',
    strict: true,
    async run(session) {
      const client = await startClient(session)
      await answer(client, 'a', 'xa')
      await typeWhenQuiet(client.program, 'b\n')
      await client.server.receiveThrough('b', 'the letter')
      await client.server.send('xa')
      client.server.endData()
      await expectExit(session, client.program, 'at the end of data', 'not 0')
    },
  },
]

/** Types the letter, and sends the reply when it has come. */
async function answer(
  { program, server }: ClientProgram,
  letter: string,
  reply: string,
  cut: Cut = (whole) => [whole],
): Promise<void> {
  await typeWhenQuiet(program, `${letter}\n`)
  await server.receiveThrough(letter, 'the letter typed')
  for (const [index, piece] of cut(reply).entries()) {
    if (index > 0) await delay(BETWEEN_PIECES_MS)
    await server.send(piece)
  }
}

/** Types when the program has printed nothing for a moment, as a person does. */
async function typeWhenQuiet(program: Program, text: string): Promise<void> {
  await untilQuiet(program)
  program.type(text)
}

async function untilQuiet(program: Program): Promise<void> {
  for (let before = -1; before !== program.stdout.bytes.length; ) {
    before = program.stdout.bytes.length
    await delay(QUIET_MS)
  }
}

/** Returns the pieces in which a reply leaves. */
type Cut = (reply: string) => string[]

function inThreePieces(reply: string): string[] {
  return [reply.slice(0, 1), reply.slice(1, -1), reply.slice(-1)]
}

/** Cut where the letter that ends the reply stands for the first time, if that is not the end. */
function behindFirstCopy(reply: string): string[] {
  const end = reply.indexOf(reply.slice(-1)) + 1
  return end === reply.length ? [reply] : [reply.slice(0, end), reply.slice(end)]
}

/** What the server replies to each letter: all of v, which begins with the letters of others. */
function repliesTo({ options: { seed } }: Session, typed: string, othersLetters: number): string[] {
  const letters = differentLetters(seed, Math.min(othersLetters, OTHERS_LETTERS)).toUpperCase()
  const others = letters.repeat(Math.ceil(othersLetters / letters.length)).slice(0, othersLetters)
  return [...typed].map((_, index) => others + typed.slice(0, index + 1))
}

/** A dialogue of which every reply is printed once, in whatever words. */
async function expectDialogue(
  session: Session,
  replies: readonly string[],
  cut?: Cut,
): Promise<undefined> {
  const client = await startClient(session)
  for (const reply of replies) await answer(client, reply.slice(-1), reply, cut)
  await typeWhenQuiet(client.program, '\n')
  const isEnough = (bytes: Buffer) => hasReplies(bytes.toString('latin1'), replies)
  const printed = await waitForOutput(session, client.program, isEnough)
  if (isEnough(printed)) return
  throw new Unmet(`on stdout, each once: ${replies.map(shown).join(', then ')}`, shown(printed))
}

/** Whether each reply is there once, and they stand in their order. */
function hasReplies(text: string, replies: readonly string[]): boolean {
  const places = replies.map((reply) => placesOf(reply, text))
  return places.every(([place = -1, again], index) => {
    return place >= 0 && again === undefined && place > (places[index - 1]?.[0] ?? -1)
  })
}

/** Where the reply stands, and is no part of a longer one, nor printed right behind itself. */
function placesOf(reply: string, text: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(reply); at >= 0; at = text.indexOf(reply, at + reply.length)) {
    const isPart = /[a-z]/i.test(text[at + reply.length] ?? '') || text[at - 1] === reply.at(-1)
    if (!isPart) places.push(at)
  }
  return places
}
