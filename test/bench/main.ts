// Measures pynet beside its peers, both in the same run, and prints a table in Markdown.
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { endBySignal } from '../support/end-by-signal.ts'
import { echoBulk } from './scenarios/echo-bulk.ts'
import { echoMemory } from './scenarios/echo-memory.ts'
import { echoTutorial } from './scenarios/echo-tutorial.ts'
import { linesAwait } from './scenarios/lines-await.ts'
import { linesBatches } from './scenarios/lines-batches.ts'
import { scalingEcho } from './scenarios/scaling-echo.ts'
import { scalingStr } from './scenarios/scaling-str.ts'
import { startUp } from './scenarios/start-up.ts'
import { strBurst } from './scenarios/str-burst.ts'
import { strDialogue } from './scenarios/str-dialogue.ts'
import { strIdle } from './scenarios/str-idle.ts'
import { tracing } from './scenarios/tracing.ts'
import { wpsAlone } from './scenarios/wps-alone.ts'
import { wpsCrowd } from './scenarios/wps-crowd.ts'
import { type Row, table, tell } from './support/compare.ts'

const SCENARIOS = [
  echoBulk,
  echoTutorial,
  echoMemory,
  linesAwait,
  linesBatches,
  startUp,
  strDialogue,
  strBurst,
  strIdle,
  wpsAlone,
  wpsCrowd,
  tracing,
  scalingStr,
  scalingEcho,
]
const DEFAULT_RUNS = 5
/** With more at work when we begin, both sides are measured beside something else. */
const MAX_LOAD = 0.5
const USAGE = `usage: npm run bench -- [--runs N] [--only NAME]... [--quick]

--runs N     measure each side N times (${DEFAULT_RUNS})
--only NAME  only the scenarios whose names begin so; may be given again
--quick      a tenth of the work, to see that everything runs

scenarios: ${SCENARIOS.map(({ name }) => name).join(' ')}`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      only: { type: 'string', multiple: true, default: [''] },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { only, quick } = values
  const chosen = SCENARIOS.filter(({ name }) => only.some((prefix) => name.startsWith(prefix)))
  const runs = Number(values.runs)
  const isUsage = Number.isInteger(runs) && runs > 0 && chosen.length > 0
  if (values.help || !isUsage) {
    tell(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }

  const [load = 0] = loadavg()
  if (load > MAX_LOAD)
    tell(`this machine is busy (load ${load.toFixed(1)}): the numbers will be off`)
  const rows: Row[] = []
  const notes: string[] = []
  for (const { name, run } of chosen) {
    try {
      const result = await run({ runs, quick })
      rows.push(...result.rows)
      notes.push(...(result.notes ?? []))
    } catch (error) {
      // One scenario that fails must not take the others' numbers with it.
      tell(`${name} failed: ${error instanceof Error ? error.stack : error}`)
      rows.push({ what: name, ours: 'failed', peer: '', ratio: '', goal: '' })
      process.exitCode = 1
    }
  }
  const work = quick ? 'a tenth of the work' : 'the whole work'
  const loadText = `load ${load.toFixed(1)} at the start`
  console.log(`${machine()}, ${loadText}; medians of ${runs} runs, ${work}\n\n${table(rows)}`)
  if (notes.length > 0) console.log(`\n${notes.map((note) => `- ${note}`).join('\n')}`)
}

function machine(): string {
  const processors = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${memory}, ${type()} ${release()}, Node.js ${process.version}`
}

endBySignal()
await main()
