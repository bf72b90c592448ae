// Lines, one by one: `for await` over a file of ours, beside node:readline and split2.
import type { Scenario } from '../support/compare.ts'
import { compareLines } from '../support/lines.ts'

const PEERS = ['readline-await', 'split2-await']

export const linesAwait: Scenario = {
  name: 'lines-await',
  run(options) {
    return compareLines('lines, for await', 'ours-await', PEERS, 1.6, options)
  },
}
