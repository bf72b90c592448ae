// Lines: ways to read them from a socket, each in a process of its own, with a feeder that waits for it.
import { compare, type Scenario, type Values } from '../support/compare.ts'
import { type Build, peerInNode } from '../support/programs.ts'

const BYTES = 100_000_000
const AVERAGES = [10, 60, 400]
const RATE = 'MB/s'
/** A feeder that never waits would be what is measured. */
const IDLE = '% of the time the feeder waits'

function scenario(name: string, way: string, peers: readonly string[], goal: number): Scenario {
  return {
    name,
    async run(options) {
      const start = await peerInNode('line-reader')
      const bytes = options.quick ? BYTES / 10 : BYTES
      const rows = []
      for (const average of AVERAGES) {
        let lines: number | undefined
        const read = async (library: string, by: string): Promise<Values> => {
          await using reader = start(library, by, bytes, average)
          const result = JSON.parse((await reader.succeeded()).stdout)
          lines ??= result.lines
          if (result.lines !== lines || result.characters !== bytes) {
            throw new Error(`${by}: ${result.lines} of ${lines} lines, ${result.characters} bytes`)
          }
          return { [RATE]: bytes / 1e6 / result.seconds, [IDLE]: 100 * result.feederIdle }
        }
        const comparison = {
          what: `${name}: ${average} bytes on average`,
          measures: { [RATE]: { better: 'more', goal }, [IDLE]: {} },
          measure: ({ library }: Build) => read(library, way),
          peers: Object.fromEntries(
            peers.map((peer) => [peer, () => read(options.ours.library, peer)]),
          ),
        } as const
        rows.push(...(await compare(comparison, options)))
      }
      return rows
    },
  }
}

const AWAITED = ['readline-await', 'split2-await', 'byline-await']
const BY_EVENT = ['readline-event', 'split2-event', 'byline-event']

export const linesAwait = scenario('lines-await', 'ours-await', AWAITED, 1.8)
export const linesBatches = scenario(
  'lines-batches',
  'ours-batches',
  [...AWAITED, ...BY_EVENT],
  2.4,
)
