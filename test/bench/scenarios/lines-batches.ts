// Lines, in batches: `batches()` of a file of ours, beside what the peers have, in any form.
import type { Scenario } from '../support/compare.ts'
import { compareLines } from '../support/lines.ts'

const PEERS = [
  'readline-await',
  'readline-event',
  'split2-await',
  'split2-event',
  'byline-await',
  'byline-event',
]

export const linesBatches: Scenario = {
  name: 'lines-batches',
  run(options) {
    return compareLines('lines, in batches', 'ours-batches', PEERS, 2.4, options)
  },
}
