// Tracing: what each of the three options costs, beside the same work without one.
import { join } from 'node:path'
import { compare, type Scenario } from '../support/compare.ts'
import { type Build, scratchFolder } from '../support/programs.ts'
import { GIGABYTE, runEcho, STRING_BYTES } from './echo.ts'
import { RATE, startServer, talk } from './str.ts'

const COPIES = 20_000
const CLIENTS = 200
const LETTERS = 40_000
const TRACINGS = ['--summary', '--trace-file', '--trace']

export const tracing: Scenario = {
  name: 'tracing',
  async run(options) {
    const copies = options.quick ? COPIES / 10 : COPIES
    const letters = options.quick ? LETTERS / 10 : LETTERS
    const bytes = STRING_BYTES * copies
    const optionsOf = (tracing: string | undefined) => (end: string) => {
      if (tracing === undefined) return []
      return tracing === '--trace-file' ? [tracing, join(scratchFolder(), end)] : [tracing]
    }
    const echo = async (build: Build, tracing?: string) => {
      const { seconds } = await runEcho(build, STRING_BYTES, copies, optionsOf(tracing))
      return { 'GB/s': bytes / GIGABYTE / seconds }
    }
    const dialogue = (build: Build, tracing?: string) => {
      const server = startServer(build, CLIENTS, optionsOf(tracing)('server'))
      return talk(server, CLIENTS, letters)
    }
    const works = [
      { what: `echo of ${bytes / GIGABYTE} GB`, unit: 'GB/s', work: echo },
      { what: `str, ${CLIENTS} clients`, unit: RATE, work: dialogue },
    ]
    const rows = []
    for (const { what, unit, work } of works) {
      for (const option of TRACINGS) {
        const comparison = {
          what: `tracing: ${what}, ${option}`,
          measures: { [unit]: { better: 'more' } },
          measure: (build: Build) => work(build, option),
          peers: { 'no option': () => work(options.ours) },
        } as const
        rows.push(...(await compare(comparison, options)))
      }
    }
    return rows
  },
}
