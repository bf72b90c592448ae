// Str, dialogue: clients in lockstep, beside a server straight on node:net.
import type { Scenario } from '../support/compare.ts'
import { compareDialogue } from '../support/dialogue.ts'

const CLIENTS = [2, 200, 1000]
/** Few, for each reply has all letters so far in it: more would measure the copying of bytes. */
const LETTERS = 4000

export const strDialogue: Scenario = {
  name: 'str-dialogue',
  async run({ runs, quick }) {
    const letters = quick ? LETTERS / 4 : LETTERS
    const results = []
    for (const clients of CLIENTS) {
      const what = `str, dialogue: ${clients.toLocaleString('en')} clients`
      results.push(await compareDialogue({ what, clients, letters, goal: 0.9 }, runs))
    }
    return { rows: results.map(({ row }) => row), notes: results.map(({ note }) => note) }
  },
}
