// echo-server under fuzz: it serves one client after another, so each has to get past the others.
import { type Counts, check, within } from '../support/outcome.ts'
import type { Random } from '../support/random.ts'
import { request } from '../support/request.ts'
import type { LaneOfRun } from './lane.ts'
import { fuzzServer } from './server-under-fuzz.ts'

const COPIES = 20
const MAX_SEGMENT_BYTES = 65_536
const PROBE_BYTES = 20_000
/** A dozen hostile clients may have to be served first. */
const PROBE_MS = 30_000

export const echoServer: LaneOfRun = {
  name: 'echo-server',
  run: (lane) =>
    fuzzServer(
      {
        args: [
          'echo-server',
          0,
          ...['--host', '127.0.0.1', '-k', '--go-ahead', 'now', '--copies', COPIES],
        ],
        payload: (random) => random.bytes(random.size(MAX_SEGMENT_BYTES)),
        open: (port) => ({
          isWornOut: false,
          meanwhile: async () => {},
          probe: (random) => probe(port, random, lane.counts),
          judge: (stdout) => {
            const isRight = /^(client is at \('[\w.:]+', \d+\)\n)+$/.test(stdout)
            check(lane.counts, isRight, 'stdout', 'a line for each client', stdout.slice(-300))
          },
        }),
      },
      lane,
    ),
}

async function probe(port: number, random: Random, counts: Counts): Promise<void> {
  const string = random.bytes(random.size(PROBE_BYTES))
  const answer = await within(PROBE_MS, 'an echo comes back', request(port, string, counts))
  const expected = Buffer.concat(Array(COPIES).fill(string))
  const found = `${answer.length} bytes${answer.length === expected.length ? ', but others' : ''}`
  check(counts, answer.equals(expected), 'the echo', `${COPIES} × ${string.length} bytes`, found)
}
