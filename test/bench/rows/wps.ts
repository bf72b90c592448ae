// Wps: `ps` for one client after another, and for a crowd, beside Python with the tutorial's loop.
import { compare, type Options, type Row, type Scenario } from '../support/compare.ts'
import { processorSeconds } from '../support/proc.ts'
import {
  type Build,
  hasPython,
  type Program,
  startPynet,
  startPython,
} from '../support/programs.ts'
import { requestRate } from '../support/requests.ts'

const REQUESTS = 100
const CROWD = 100
const CROWD_REQUESTS = 2000
/** With its backlog of 1, a third client at once would wait a second for its next try to connect. */
const PEER_CLIENTS = [1, 2]
const RATE = 'requests/s'
/** The runs of `ps` are part of it. */
const COST = 'ms of processor/request'

async function measure(program: Program, clients: number, requests: number) {
  await using server = program
  const port = await server.ready()
  const before = processorSeconds(server.pid)
  const rate = await requestRate(port, clients, requests)
  return { [RATE]: rate, [COST]: ((processorSeconds(server.pid) - before) * 1000) / requests }
}

function against(
  what: string,
  clients: number,
  requests: number,
  peerClients: readonly number[],
  goal: number,
  options: Options,
): Promise<Row[]> {
  const share = options.quick ? 0.1 : 1
  const peer = (count: number) => () =>
    measure(startPython('interop/wps_server', [0]), count, REQUESTS * share)
  const comparison = {
    what,
    measures: { [RATE]: { better: 'more', goal }, [COST]: { better: 'less' } },
    measure: (build: Build) => {
      const server = startPynet(['wps-server', 0, '--host', '127.0.0.1'], {}, build)
      return measure(server, clients, requests * share)
    },
    peers: Object.fromEntries(
      peerClients.map((count) => [
        `Python, clients at once: ${count}`,
        hasPython ? peer(count) : undefined,
      ]),
    ),
  } as const
  return compare(comparison, options)
}

export const wpsAlone: Scenario = {
  name: 'wps-alone',
  run: (options) => against('wps, one `ps` after another', 1, REQUESTS, [1], 0.9, options),
}

export const wpsCrowd: Scenario = {
  name: 'wps-crowd',
  run: (options) =>
    against('wps, 100 clients at once', CROWD, CROWD_REQUESTS, PEER_CLIENTS, 10, options),
}
