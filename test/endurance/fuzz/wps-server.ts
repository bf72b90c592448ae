// wps-server under fuzz: requests that are cut, wrong, late or never come, and answers nobody reads.
import { isWhole } from '../../bench/support/requests.ts'
import { check, within } from '../support/outcome.ts'
import type { Random } from '../support/random.ts'
import { request } from '../support/request.ts'
import type { Lane, LaneOfRun } from './lane.ts'
import { fuzzServer } from './server-under-fuzz.ts'

const TIMEOUT_SECONDS = 2
const PROBE_MS = 20_000
const REQUESTS = ['w', 'ps', 'ps\n', 'w\n', 'p', 's', 'ls', 'ps aux', 'ps;id', '\n'] as const
const REFUSAL = 'pynet: this server runs w and ps, and nothing else\n'

export const wpsServer: LaneOfRun = {
  name: 'wps-server',
  run: (lane) =>
    fuzzServer(
      {
        args: ['wps-server', 0, '--host', '127.0.0.1', '--timeout', TIMEOUT_SECONDS],
        payload: (random) =>
          random.chance(0.7)
            ? Buffer.from(random.pick([...REQUESTS]))
            : random.bytes(random.size(20_000)),
        open: (port) => ({
          isWornOut: false,
          meanwhile: (random) => probe(port, random.fork('meanwhile'), lane),
          probe: (random) => probe(port, random, lane),
          judge: (stdout) => {
            const isRight = /^(client is at \('[\w.:]+', \d+\)\n)+$/.test(stdout)
            check(lane.counts, isRight, 'stdout', 'a line for each client', stdout.slice(-300))
          },
        }),
      },
      lane,
    ),
}

/** A whole table for who asks for one, and a refusal for who asks for something else. */
async function probe(port: number, random: Random, { counts }: Lane): Promise<void> {
  const table = await within(PROBE_MS, 'ps is answered', request(port, 'ps', counts))
  check(counts, isWhole(table.toString('latin1')), 'ps', 'a whole table', table.toString('latin1'))
  const wrong = `x${random.bytes(random.size(50), 0x20, 0x7e).toString()}`
  const answer = await within(PROBE_MS, 'it is refused', request(port, wrong, counts))
  check(counts, answer.toString() === REFUSAL, `answer to ${wrong}`, REFUSAL, answer.toString())
}
