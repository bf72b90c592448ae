// Scaling: letters per second must not fall with the number of clients.
import type { Scenario } from '../support/compare.ts'
import { compareDialogue } from '../support/dialogue.ts'

const CLIENTS = [10, 100, 1000, 4000]
/** A multiple of all numbers of clients. */
const LETTERS = 8000
const QUICK_LETTERS = 4000

export const scalingStr: Scenario = {
  name: 'scaling-str',
  async run({ runs, quick }) {
    const letters = quick ? QUICK_LETTERS : LETTERS
    const results = []
    for (const clients of CLIENTS) {
      const what = `scaling: str, ${clients.toLocaleString('en')} clients`
      results.push(await compareDialogue({ what, clients, letters }, runs))
    }
    return { rows: results.map(({ row }) => row), notes: results.map(({ note }) => note) }
  },
}
