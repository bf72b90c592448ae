// Str, burst: a thousand letters in one segment, beside Python with the tutorial's loop.
import { compare, type Scenario } from '../support/compare.ts'
import { hasPython } from '../support/installed.ts'
import { talkInABurst } from '../support/letters.ts'
import { type Program, startPynet, startPython } from '../support/programs.ts'

const LETTERS = 1000
/** A burst takes milliseconds, so it is measured more often than the rest. */
const BURSTS_PER_RUN = 4

export const strBurst: Scenario = {
  name: 'str-burst',
  async run({ runs }) {
    const measure = async (program: Program) => {
      await using server = program
      return LETTERS / (await talkInABurst(server, LETTERS)).seconds
    }
    const options = ['--host', '127.0.0.1', '--clients', 1]
    const ours = () => measure(startPynet(['str-server', 0, ...options], { keepOutput: true }))
    const peer = () => measure(startPython('bench/str_server', [0], { keepOutput: true }))
    const peers = [{ name: 'Python', measure: hasPython ? peer : undefined }]
    const bursts = runs * BURSTS_PER_RUN
    const what = `str, burst: 1,000 letters in one segment, ${bursts} runs`
    const comparison = { what, unit: 'letters/s', better: 'high', ours, peers, goal: 1.5 } as const
    return { rows: [await compare(comparison, bursts)] }
  },
}
