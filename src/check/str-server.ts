// The role of str-server, strsvr.py: letters from two clients become one string, v.
import { setTimeout as delay } from 'node:timers/promises'
import { bytesOf } from '../trace/amounts.ts'
import type { Partner } from './partner.ts'
import { isRunnable, membersOf } from './process-group.ts'
import { expectNoFailure } from './program-end.ts'
import { waitForOutput } from './program-text.ts'
import { Replies } from './replies.ts'
import { type ServerProgram, startServer } from './server-program.ts'
import type { Session } from './session.ts'
import { type Step, Unmet } from './step.ts'
import { secondsOf, shown } from './words.ts'

/** Who types which letter, as in the tutorial's session. */
const DIALOGUE = [
  { from: 'first', letters: 'abc' },
  { from: 'second', letters: 'uuvv' },
  { from: 'first', letters: 'd' },
  { from: 'second', letters: 'ww' },
  { from: 'first', letters: 'e' },
] as const

/** Their replies, 12.5 MB, are more than the system holds for a client that does not read. */
const BURST_LETTERS = 5000
const MORE_LETTERS = 'abcdefghijklmnopqrstuvw'
const STEADY_REPLIES = 3
const BETWEEN_LETTERS_MS = 50
/** By then the server knows. */
const AFTER_LEAVING_MS = 200
const LARGE_BYTES = 100_000
const LARGE_BATCH = 1000
const RECV_BYTES = 1 << 20
const IDLE_MS = 500
const SAMPLES = 25

export const strServer: readonly Step[] = [
  {
    name: 'answers each letter with all of v, for two clients',
    section: '6',
    async run(session) {
      const clients = await startPair(session)
      let v = ''
      for (const { from, letters } of DIALOGUE) {
        for (const letter of letters) {
          v += letter
          await exchange(clients[from], letter, v)
        }
      }
    },
  },
  {
    name: 'goes on with one client when the other leaves',
    section: '6',
    async run(session) {
      const { first, second } = await startPair(session)
      await exchange(first, 'a', 'a')
      first.leave()
      await delay(AFTER_LEAVING_MS)
      await exchange(second, 'b', 'ab')
      await exchange(second, 'c', 'abc')
    },
  },
  {
    name: 'prints the final value of v when all have left',
    section: '6',
    async run(session) {
      const pair = await startPair(session)
      await exchange(pair.first, 'q', 'q')
      await exchange(pair.second, 'z', 'qz')
      await exchange(pair.first, 'x', 'qzx')
      pair.second.leave()
      pair.first.leave()
      await expectFinalValue(session, pair, 'qzx')
    },
  },
  {
    name: 'ends with exit code 0, if it ends',
    section: '6',
    strict: true,
    async run(session) {
      const { first, second, program } = await startPair(session)
      await exchange(first, 'a', 'a')
      await exchange(second, 'b', 'ab')
      first.leave()
      second.leave()
      await expectNoFailure(program)
      return undefined
    },
  },
  {
    name: 'answers three letters in one segment one by one',
    section: '6',
    strict: true,
    async run(session) {
      const { first } = await startPair(session)
      await first.send('abc')
      await first.expect('aababc', 'the replies to "abc", a letter at a time')
    },
  },
  {
    name: 'serves a client beside one that never reads',
    section: '6',
    strict: true,
    async run(session) {
      const { first, second } = await startPair(session)
      await first.send('x'.repeat(BURST_LETTERS))
      let [burst, isSteady] = [0, 0]
      for (let count = 1; count <= MORE_LETTERS.length && isSteady < STEADY_REPLIES; count++) {
        const letters = MORE_LETTERS.slice(0, count)
        await second.send(letters.slice(-1))
        const what = 'the reply to a client that reads, all of v'
        const reply = (await second.receiveThrough(letters.slice(-1), what)).toString('latin1')
        if (reply.replaceAll('x', '') !== letters) throw new Unmet(what, shown(reply))
        // The server has come to a stop with the first client: its replies fill all buffers.
        isSteady = reply.length - count === burst ? isSteady + 1 : 0
        burst = reply.length - count
        await delay(BETWEEN_LETTERS_MS)
      }
    },
  },
  {
    name: 'takes a client that resets for one that has left',
    section: '6',
    strict: true,
    async run(session) {
      const pair = await startPair(session)
      await exchange(pair.first, 'q', 'q')
      pair.first.reset()
      await delay(AFTER_LEAVING_MS)
      await exchange(pair.second, 'z', 'qz')
      pair.second.leave()
      await expectFinalValue(session, pair, 'qz')
    },
  },
  {
    name: 'sends a v of 100 kB whole',
    section: '6',
    strict: true,
    async run(session) {
      const { first } = await startPair(session, RECV_BYTES)
      const v = Buffer.from('abcdefghij'.repeat(LARGE_BYTES / 10))
      const replies = new Replies(v)
      while (replies.whole < v.length) {
        const length = replies.whole
        await first.send(v.subarray(length, length + LARGE_BATCH))
        while (replies.whole < length + LARGE_BATCH) {
          const next = await first.receive(RECV_BYTES)
          if (typeof next !== 'string' && replies.take(next)) continue
          const expected = `all of v, which has ${bytesOf(replies.whole + 1)}`
          throw new Unmet(expected, typeof next === 'string' ? next : shown(next))
        }
        // All replies are 5 GB: it is enough that they go on to come.
        session.renewTime()
      }
    },
  },
  {
    name: 'needs no processor while nobody sends',
    section: '7',
    strict: true,
    async run(session) {
      const { first, second, program } = await startPair(session)
      await exchange(first, 'a', 'a')
      await exchange(second, 'b', 'ab')
      const processes = membersOf(program.pid)
      if (processes.length === 0) return 'what it needs is not known: there is no /proc'
      let runnable = 0
      for (let sample = 0; sample < SAMPLES; sample++) {
        await delay(IDLE_MS / SAMPLES)
        if (isRunnable(processes)) runnable++
      }
      if (runnable <= SAMPLES / 2) return undefined
      const expected = `a server that sleeps for ${secondsOf(IDLE_MS)}, for nothing comes`
      throw new Unmet(expected, `it ran in ${runnable} of ${SAMPLES} looks`)
    },
  },
]

interface Pair extends ServerProgram {
  readonly first: Partner
  readonly second: Partner
}

async function startPair(session: Session, recvSize?: number): Promise<Pair> {
  const server = await startServer(session, { recvSize })
  return { ...server, first: server.client, second: await server.connect() }
}

async function exchange(client: Partner, letter: string, v: string): Promise<void> {
  await client.send(letter)
  await client.expect(v, `the reply to "${letter}", all of v`)
}

/** The value may be followed by a few words of farewell. */
const LAST_LINES = 3

/** Expects that one of the last lines on stdout has the value in it. */
async function expectFinalValue(session: Session, { program }: Pair, v: string): Promise<void> {
  const isThere = (bytes: Buffer) => {
    const lines = bytes.toString('latin1').trimEnd().split('\n')
    return lines.slice(-LAST_LINES).some((line) => line.includes(v))
  }
  const printed = await waitForOutput(session, program, isThere)
  if (isThere(printed)) return
  throw new Unmet(`at the end of stdout a line with the final value ${shown(v)}`, shown(printed))
}
