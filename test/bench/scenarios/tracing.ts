// Tracing: what each of the three options costs, beside the same work without one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interleave, type Row, type Scenario } from '../support/compare.ts'
import { BULK_STRING_BYTES, runEcho } from '../support/echo.ts'
import { talkInRounds } from '../support/letters.ts'
import { startPynet } from '../support/programs.ts'
import { median, short } from '../support/statistics.ts'

const COPIES = 20_000
const CLIENTS = 200
const LETTERS = 20_000
const NO_OPTION = 'no option'

/** A program's options, with `file` for its trace. */
type Tracing = (file: string) => readonly string[]

const TRACINGS: Record<string, Tracing> = {
  [NO_OPTION]: () => [],
  '--summary': () => ['--summary'],
  '--trace-file': (file) => ['--trace-file', file],
  '--trace': () => ['--trace'],
}

export const tracing: Scenario = {
  name: 'tracing',
  async run({ runs, quick }) {
    const folder = await mkdtemp(join(tmpdir(), 'pynet-bench-'))
    const copies = quick ? COPIES / 10 : COPIES
    const letters = quick ? LETTERS / 5 : LETTERS
    const bytes = BULK_STRING_BYTES * copies

    const echo = async (options: Tracing) => {
      const optionsOf = (end: string) => options(join(folder, end))
      const { seconds } = await runEcho(BULK_STRING_BYTES, copies, optionsOf)
      return bytes / 1e9 / seconds
    }
    const dialogue = async (options: Tracing) => {
      const words = [
        '--host',
        '127.0.0.1',
        '--clients',
        CLIENTS,
        ...options(join(folder, 'server')),
      ]
      await using server = startPynet(['str-server', 0, ...words], { keepOutput: true })
      return letters / (await talkInRounds(server, CLIENTS, letters)).seconds
    }
    try {
      const rows = [
        ...(await rowsOf(`tracing: echo of ${short(bytes / 1e9)} GB`, 'GB/s', runs, echo)),
        ...(await rowsOf(`tracing: str, ${CLIENTS} clients`, 'letters/s', runs, dialogue)),
      ]
      return { rows }
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

/** A row for each option, beside none. */
async function rowsOf(
  what: string,
  unit: string,
  runs: number,
  measure: (options: Tracing) => Promise<number>,
): Promise<Row[]> {
  const sides = Object.entries(TRACINGS).map(([name, options]) => ({
    name,
    measure: () => measure(options),
  }))
  const rates = await interleave(what, unit, runs, sides)
  const without = rates.get(NO_OPTION) ?? []
  rates.delete(NO_OPTION)
  return [...rates].map(([name, values]) => ({
    what: `${what}, ${name}`,
    ours: `${short(median(values))} ${unit}`,
    peer: `${short(median(without))} ${unit} (${NO_OPTION})`,
    ratio: short(median(values.map((value, index) => value / (without[index] ?? Number.NaN)))),
    goal: '',
  }))
}
