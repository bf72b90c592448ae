// str-server under fuzz: dialogues that must stay right while others flood, reset and never read.
import { check, Failure } from '../support/outcome.ts'
import { performAsClient } from '../support/perform.ts'
import type { Random } from '../support/random.ts'
import { Talker } from '../support/talker.ts'
import type { Lane, LaneOfRun } from './lane.ts'
import { fuzzServer, type Subject } from './server-under-fuzz.ts'

const MAX_BYTES = 65_536
/** Full enough: what is left is far more than a bout adds (some kilobytes), so v is never full. */
const WORN_OUT_BYTES = 24_000
const MAX_FLOOD_SEGMENT_BYTES = 200
const MAX_TALKERS = 4
const MAX_CONNECTIONS = 200
const CROWD = 250
/** The hostile clients send bytes below, and each talker has one byte of its own from here. */
const FIRST_LETTER = 0x80
const LAST_LETTER = 0xff
const FINAL_VALUE = 'the final value of v is '

export const strServer: LaneOfRun = {
  name: 'str-server',
  run: (lane) =>
    fuzzServer(
      {
        args: [
          'str-server',
          0,
          ...['--host', '127.0.0.1', '--clients', 'any'],
          ...['--max-bytes', MAX_BYTES, '--max-connections', MAX_CONNECTIONS],
        ],
        payload: (random) =>
          random.bytes(random.size(MAX_FLOOD_SEGMENT_BYTES), 0, FIRST_LETTER - 1),
        open: (port) => new Dialogues(port, lane),
      },
      lane,
    ),
}

/** One server's well-behaved clients: a steady one that keeps it alive, and others for a bout. */
class Dialogues implements Subject {
  readonly #port: number
  readonly #lane: Lane
  readonly #talkers: Talker[] = []
  readonly #steady: Talker

  constructor(port: number, lane: Lane) {
    this.#port = port
    this.#lane = lane
    this.#steady = this.#newTalker()
  }

  get isWornOut(): boolean {
    const lettersLeft = LAST_LETTER - FIRST_LETTER + 1 - this.#talkers.length
    return this.#steady.valueLength > WORN_OUT_BYTES || lettersLeft < MAX_TALKERS
  }

  async probe(random: Random): Promise<void> {
    await this.#steady.say(random.integer(1, 3))
  }

  async meanwhile(random: Random): Promise<void> {
    const guests = Array.from({ length: random.integer(1, MAX_TALKERS) }, () => this.#newTalker())
    // They are there before a crowd may keep others out.
    await Promise.all(guests.map((guest) => guest.say(1)))
    const crowd = random.chance(0.2) ? this.#crowd() : undefined
    await Promise.all(
      [...guests, this.#steady].map((talker, index) => talk(talker, random.fork(index))),
    )
    await Promise.all(guests.map((guest) => guest.leave()))
    await crowd
  }

  async leave(): Promise<void> {
    await this.#steady.leave()
  }

  judge(stdout: string): void {
    if (!stdout.startsWith(FINAL_VALUE) || !stdout.endsWith('\n')) {
      throw new Failure('stdout', `${FINAL_VALUE}…`, stdout)
    }
    const value = Buffer.from(stdout.slice(FINAL_VALUE.length, -1), 'latin1')
    check(this.#lane.counts, value.length <= MAX_BYTES, 'length of v', MAX_BYTES, value.length)
    for (const talker of this.#talkers) talker.checkAgainst(value)
  }

  #newTalker(): Talker {
    const talker = new Talker(this.#port, FIRST_LETTER + this.#talkers.length, this.#lane.counts)
    this.#talkers.push(talker)
    return talker
  }

  /** More silent connections than the server takes. */
  async #crowd(): Promise<void> {
    const steps = [{ do: 'pause', ms: 200 } as const]
    const { counts } = this.#lane
    await Promise.all(
      Array.from({ length: CROWD }, () => performAsClient(this.#port, steps, counts)),
    )
  }
}

async function talk(talker: Talker, random: Random): Promise<void> {
  for (let left = random.integer(1, 20); left > 0; left--) await talker.say(random.size(5))
}
