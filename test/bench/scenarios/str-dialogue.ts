// Str, dialogue: clients in lockstep, beside a server straight on node:net.
import type { Scenario } from '../support/compare.ts'
import { compareDialogue } from '../support/dialogue.ts'

const CLIENTS = [2, 200, 1000]
/**
 * Enough for both servers to warm up. Not more, for each reply has all letters so far in it, and
 * the copying of bytes is not what this measures.
 */
const LETTERS = 20_000

export const strDialogue: Scenario = {
  name: 'str-dialogue',
  async run({ runs, quick }) {
    const letters = quick ? LETTERS / 5 : LETTERS
    const results = []
    for (const clients of CLIENTS) {
      const what = `str, dialogue: ${clients.toLocaleString('en')} clients`
      results.push(await compareDialogue({ what, clients, letters, goal: 0.9 }, runs))
    }
    return { rows: results.map(({ row }) => row), notes: results.map(({ note }) => note) }
  },
}
