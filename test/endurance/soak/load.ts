// The mixed load of a soak: all six programs at work, and peers that reset among the good ones.
import { setTimeout as delay } from 'node:timers/promises'
import { startPynet } from '../../bench/support/programs.ts'
import { isWhole } from '../../bench/support/requests.ts'
import { type Counts, check, within } from '../support/outcome.ts'
import { performAsClient } from '../support/perform.ts'
import { drawPlan, type Payload } from '../support/plan.ts'
import type { Random } from '../support/random.ts'
import { request } from '../support/request.ts'
import { Talker } from '../support/talker.ts'

export const COPIES = 20
const STRING_BYTES = 20_000
const PATIENCE_MS = 60_000
const PAUSE_MS = 25
/** v only grows, so letters are sent sparingly: about this many pauses between two of them. */
const LETTER_PAUSES = 2
const FIRST_LETTER = 0x80
const TALKERS = 3

export interface Ports {
  echo: number
  wps: number
  str: number
}

/** One kind of work; it is done again and again, each time with a chance of its own. */
export interface Work {
  readonly name: string
  readonly pauseMs: number
  once(random: Random): Promise<void>
}

/** All work that goes on at the same time, and the talkers, whose words are judged at the end. */
export function mixedLoad(ports: Ports, counts: Counts): { works: Work[]; talkers: Talker[] } {
  const talkers = Array.from(
    { length: TALKERS },
    (_, index) => new Talker(ports.str, FIRST_LETTER + index, counts),
  )
  const hostile = (port: number, payload: Payload) => (random: Random) =>
    performAsClient(port, drawPlan(random, payload), counts)
  const works: Work[] = [
    { name: 'echo', pauseMs: PAUSE_MS, once: (random) => echo(ports.echo, random, counts) },
    { name: 'wps', pauseMs: 4 * PAUSE_MS, once: () => ps(ports.wps, counts) },
    {
      name: 'echo, hostile',
      pauseMs: 10 * PAUSE_MS,
      once: hostile(ports.echo, (random) => random.bytes(random.size(STRING_BYTES))),
    },
    {
      name: 'wps, hostile',
      pauseMs: 4 * PAUSE_MS,
      once: hostile(ports.wps, (random) => Buffer.from(random.pick(['w', 'ps', 'p', 'ls']))),
    },
    {
      name: 'str, hostile',
      pauseMs: 10 * PAUSE_MS,
      once: hostile(ports.str, (random) => random.bytes(random.integer(1, 2), 0x61, 0x7a)),
    },
    { name: 'the client programs', pauseMs: 20 * PAUSE_MS, once: () => programs(ports, counts) },
    ...talkers.map((talker, index) => ({
      name: `talker ${index + 1}`,
      pauseMs: LETTER_PAUSES * PAUSE_MS,
      once: () => talker.say(1),
    })),
  ]
  return { works, talkers }
}

/** Does a work until the time is over. */
export async function repeat(work: Work, random: Random, isOver: () => boolean): Promise<void> {
  for (let turn = 1; !isOver(); turn++) {
    const ofTurn = random.fork(`${work.name}/${turn}`)
    await within(PATIENCE_MS, `${ofTurn.seed} is done`, work.once(ofTurn))
    await delay(work.pauseMs)
  }
}

async function echo(port: number, random: Random, counts: Counts): Promise<void> {
  const string = random.bytes(random.size(STRING_BYTES))
  const answer = await request(port, string, counts)
  const isRight = answer.equals(Buffer.concat(Array(COPIES).fill(string)))
  check(counts, isRight, 'the echo', `${COPIES} × ${string.length} bytes`, answer.length)
}

async function ps(port: number, counts: Counts): Promise<void> {
  const table = (await request(port, 'ps', counts)).toString('latin1')
  check(counts, isWhole(table), 'ps', 'a whole table', table)
}

/** Our own three clients, one after another. */
async function programs({ echo, wps, str }: Ports, counts: Counts): Promise<void> {
  const runs = [
    { args: ['echo-client', '127.0.0.1', echo, 'abc'], expected: /^received \d+ bytes$/m },
    { args: ['wps-client', '127.0.0.1', wps, 'ps'], expected: /^ *PID / },
    { args: ['str-client', '127.0.0.1', str], input: 'z\n\n', expected: /z\nenter a letter:$/ },
  ]
  for (const { args, input, expected } of runs) {
    const options = { keepOutput: true, encoding: 'latin1', input: input ?? '' } as const
    await using client = startPynet(args, options)
    const { status, stdout, stderr } = await client.ended()
    counts.actions++
    check(counts, status === 0, `${args[0]}`, 'exit code 0', `${status}; ${stderr}`)
    check(counts, expected.test(stdout), `${args[0]}`, expected, stdout.slice(-300))
  }
}
