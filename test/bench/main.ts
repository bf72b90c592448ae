// Measures pynet beside its peers, and beside another build of pynet, in one run; prints a table in Markdown.
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endBySignal } from '../support/end-by-signal.ts'
import { accept } from './rows/accept.ts'
import { echoBulk, echoTutorial } from './rows/echo.ts'
import { growthEcho, growthLadder, growthStr, growthWatch } from './rows/growth.ts'
import { linesAwait, linesBatches } from './rows/lines.ts'
import { startUp } from './rows/start-up.ts'
import { strBurst, strDialogue, strIdle } from './rows/str.ts'
import { tracing } from './rows/tracing.ts'
import { wpsAlone, wpsCrowd } from './rows/wps.ts'
import { type Row, table, tell } from './support/compare.ts'
import { buildIn, ours } from './support/programs.ts'

const SCENARIOS = [
  echoBulk,
  echoTutorial,
  linesAwait,
  linesBatches,
  startUp,
  strDialogue,
  strBurst,
  strIdle,
  accept,
  wpsAlone,
  wpsCrowd,
  tracing,
  growthStr,
  growthEcho,
  growthLadder,
  growthWatch,
]
const DEFAULT_RUNS = 5
/** With more at work when we begin, both sides are measured beside something else. */
const MAX_LOAD = 0.5
const USAGE = `usage: npm run bench -- [--runs N] [--only NAME]... [--against FOLDER] [--quick]

--runs N          measure each side N times (${DEFAULT_RUNS})
--only NAME       only the rows whose names begin so; may be given again
--against FOLDER  measure the build in another clone of pynet as well
--quick           a tenth of the work, to see that everything runs

rows: ${SCENARIOS.map(({ name }) => name).join(' ')}`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      only: { type: 'string', multiple: true, default: [''] },
      against: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { only, quick, against } = values
  const chosen = SCENARIOS.filter(({ name }) => only.some((prefix) => name.startsWith(prefix)))
  const runs = Number(values.runs)
  const isUsage = Number.isInteger(runs) && runs > 0 && chosen.length > 0
  if (values.help || !isUsage) {
    tell(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }

  const [load = 0] = loadavg()
  if (load > MAX_LOAD) {
    tell(`this machine is busy (load ${load.toFixed(1)}): the numbers will be off`)
  }
  const base = against === undefined ? undefined : buildIn(resolve(against))
  const rows: Row[] = []
  for (const { name, run } of chosen) {
    try {
      rows.push(...(await run({ runs, quick, ours, base })))
    } catch (error) {
      // One row that fails must not take the others' numbers with it.
      tell(`${name} failed: ${error instanceof Error ? error.stack : error}`)
      rows.push({ what: name, unit: '', ours: 'failed', peer: '', ratio: '', goal: '', base: '' })
      process.exitCode = 1
    }
  }
  const work = quick ? 'a tenth of the work' : 'the whole work'
  console.log(
    `${machine()}, load ${load.toFixed(1)} at the start; medians of ${runs} runs, ${work}\n\n` +
      table(rows, base !== undefined),
  )
}

function machine(): string {
  const processors = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${memory}, ${type()} ${release()}, Node.js ${process.version}`
}

endBySignal()
await main()
