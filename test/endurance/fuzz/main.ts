// A bounded fuzz run: random peers against all six programs, from a seed that can be given again.
import { parseArgs } from 'node:util'
import { endBySignal } from '../../support/end-by-signal.ts'
import { type Counts, noCounts } from '../support/outcome.ts'
import { Random } from '../support/random.ts'
import { echoClient, strClient, wpsClient } from './clients.ts'
import { echoServer } from './echo-server.ts'
import type { LaneOfRun } from './lane.ts'
import { strServer } from './str-server.ts'
import { wpsServer } from './wps-server.ts'

const LANES: readonly LaneOfRun[] = [
  echoServer,
  wpsServer,
  strServer,
  echoClient,
  wpsClient,
  strClient,
]
const DEFAULT_SECONDS = 60
/** What was begun when the time is over is finished, and checked. */
const DEADLINE_AFTER_MS = 120_000
const MAX_SEED = 2 ** 32 - 1
const USAGE = `usage: npm run fuzz -- [--seed N] [--seconds N] [--only NAME]...

--seed N     repeat the actions of the run that printed this seed
--seconds N  for how long (${DEFAULT_SECONDS})
--only NAME  only the programs whose names begin so; may be given again

programs: ${LANES.map(({ name }) => name).join(' ')}`

interface Result {
  name: string
  counts: Counts
  notes: string[]
  failed: boolean
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * MAX_SEED)) },
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      only: { type: 'string', multiple: true, default: [''] },
      help: { type: 'boolean', default: false },
    },
  })
  const { seed, only } = values
  const seconds = Number(values.seconds)
  const chosen = LANES.filter(({ name }) => only.some((prefix) => name.startsWith(prefix)))
  if (values.help || !(seconds > 0) || chosen.length === 0) {
    console.error(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  console.log(`fuzz: seed ${seed}, ${seconds} s, ${chosen.map(({ name }) => name).join(', ')}`)
  const over = performance.now() + seconds * 1000
  const results = await Promise.all(chosen.map((lane) => runLane(lane, seed, seconds, over)))
  summarize(results, seed)
}

async function runLane(
  { name, run }: LaneOfRun,
  seed: string,
  seconds: number,
  over: number,
): Promise<Result> {
  const result: Result = { name, counts: noCounts(), notes: [], failed: false }
  const random = new Random(seed).fork(name)
  let actor = random.seed
  const lane = {
    random,
    counts: result.counts,
    deadlineMs: seconds * 1000 + DEADLINE_AFTER_MS,
    isOver: () => performance.now() > over,
    at: (text: string) => {
      actor = text
    },
    note: (line: string) => result.notes.push(line),
  }
  try {
    await run(lane)
  } catch (error) {
    result.failed = true
    const what = error instanceof Error && error.name !== 'Failure' ? error.stack : error
    console.error(`\n${name} FAILED, seed ${seed}, at ${actor}\n  ${what}\n`)
  }
  return result
}

function summarize(results: readonly Result[], seed: string): void {
  const total = noCounts()
  for (const { name, counts, notes, failed } of results) {
    const { actions, connections, resets, checks } = counts
    total.actions += actions
    console.log(
      `${name}: ${failed ? 'FAILED, ' : ''}${shown(actions)} actions, ${shown(connections)} ` +
        `connections, ${shown(resets)} resets, ${shown(checks)} checks`,
    )
    for (const note of notes) console.log(`  ${note}`)
  }
  const failures = results.filter(({ failed }) => failed).length
  const plural = failures === 1 ? 'failure' : 'failures'
  console.log(`fuzz: ${shown(total.actions)} actions, ${failures} ${plural}, seed ${seed}`)
  process.exitCode = failures > 0 ? 1 : 0
}

function shown(count: number): string {
  return count.toLocaleString('en')
}

endBySignal()
await main()
