// Start-up: whole runs of a process, beside a Node.js that only loads its sockets.
import { spawnSync } from 'node:child_process'
import { compare, type Scenario } from '../support/compare.ts'
import { freePort } from '../support/free-port.ts'
import { environment, pynetPath } from '../support/programs.ts'

const RUNS = 20
const QUICK_RUNS = 4

/** Milliseconds from the start of a Node process to its end. */
function timeOf(args: readonly string[], expectedStatus: number): number {
  const start = performance.now()
  const { status } = spawnSync(process.execPath, args, { env: environment, stdio: 'ignore' })
  const milliseconds = performance.now() - start
  if (status !== expectedStatus) throw new Error(`${args.join(' ')}: exit code ${status}`)
  return milliseconds
}

export const startUp: Scenario = {
  name: 'start-up',
  async run({ runs, quick }) {
    const bare = {
      name: 'bare Node.js',
      measure: async () => timeOf(['-e', "require('node:net')"], 0),
    }
    const refusing = String(await freePort())
    const times = quick ? QUICK_RUNS : Math.max(RUNS, runs)
    const row = (what: string, args: string[], status: number, goal: number) => {
      const ours = async () => timeOf([pynetPath, ...args], status)
      return compare({ what, unit: 'ms', better: 'low', ours, peers: [bare], goal }, times)
    }
    return {
      rows: [
        await row(`start-up: pynet --version, ${times} runs`, ['--version'], 0, 1.2),
        await row(
          `start-up: connection refused, ${times} runs`,
          ['echo-client', '127.0.0.1', refusing, 'x'],
          1,
          1.3,
        ),
      ],
    }
  },
}
