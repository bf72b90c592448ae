// Wps, a crowd: a hundred clients at once, beside the best rate of Python with the tutorial's loop.
import { compare, type Scenario } from '../support/compare.ts'
import { hasPython } from '../support/installed.ts'
import { type Program, startPynet, startPython } from '../support/programs.ts'
import { requestRate } from '../support/requests.ts'

const CLIENTS = 100
const REQUESTS = 2000
const PEER_REQUESTS = 100
/** With its backlog of 1, a third client at once would wait a second for its next try to connect. */
const PEER_CLIENTS = [1, 2]

export const wpsCrowd: Scenario = {
  name: 'wps-crowd',
  async run({ runs, quick }) {
    const share = quick ? 0.1 : 1
    const measure = async (program: Program, clients: number, requests: number) => {
      await using server = program
      return await requestRate(await server.ready(), clients, requests)
    }
    const ours = () =>
      measure(startPynet(['wps-server', 0, '--host', '127.0.0.1']), CLIENTS, REQUESTS * share)
    const peers = PEER_CLIENTS.map((clients) => ({
      name: `Python, clients at once: ${clients}`,
      measure: hasPython
        ? () => measure(startPython('interop/wps_server', [0]), clients, PEER_REQUESTS * share)
        : undefined,
    }))
    const what = 'wps, a crowd: 100 clients at once, none lost'
    const comparison = { what, unit: 'requests/s', better: 'high', ours, peers, goal: 10 } as const
    return { rows: [await compare(comparison, runs)] }
  },
}
