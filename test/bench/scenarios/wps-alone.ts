// Wps, alone: one `ps` after another, beside Python with the tutorial's loop.
import { compare, type Scenario } from '../support/compare.ts'
import { hasPython } from '../support/installed.ts'
import { type Program, startPynet, startPython } from '../support/programs.ts'
import { requestRate } from '../support/requests.ts'

const REQUESTS = 100

export const wpsAlone: Scenario = {
  name: 'wps-alone',
  async run({ runs, quick }) {
    const requests = quick ? REQUESTS / 10 : REQUESTS
    const measure = async (program: Program) => {
      await using server = program
      return await requestRate(await server.ready(), 1, requests)
    }
    const ours = () => measure(startPynet(['wps-server', 0, '--host', '127.0.0.1']))
    const peer = () => measure(startPython('interop/wps_server', [0]))
    const peers = [{ name: 'Python', measure: hasPython ? peer : undefined }]
    const what = 'wps, alone: one `ps` after another'
    const comparison = { what, unit: 'requests/s', better: 'high', ours, peers, goal: 0.9 } as const
    return { rows: [await compare(comparison, runs)] }
  },
}
