// Runs the sides of a comparison in turn, and makes rows of the table out of what they measured.
import type { Build } from './programs.ts'
import { median, short } from './statistics.ts'

/** What one run measured: a number for each unit. */
export type Values = Record<string, number>

export interface Measure {
  /** Which values are good; without it the value is only shown. */
  better?: 'more' | 'less'
  /** What ours / peer must be: at least, or at most where less is better. */
  goal?: number
}

export interface Options {
  /** How often each side is measured. */
  runs: number
  /** A tenth of the work: to see that everything runs. */
  quick: boolean
  ours: Build
  /** Another build of pynet, measured beside ours. */
  base?: Build
}

export interface Scenario {
  /** What `--only` selects. */
  name: string
  run(options: Options): Promise<Row[]>
}

export interface Row {
  what: string
  unit: string
  ours: string
  peer: string
  ratio: string
  goal: string
  base: string
}

/** Undefined for a peer that is not installed. */
type Side = (() => Promise<Values>) | undefined

interface Comparison {
  what: string
  /** By unit. The first decides which of the peers is the best one. */
  measures: Record<string, Measure>
  measure: (build: Build) => Promise<Values>
  peers?: Record<string, Side>
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Measures each side in turn, so many times: A B A B. */
async function interleave(
  what: string,
  runs: number,
  sides: Record<string, Side>,
): Promise<Record<string, Values[]>> {
  const values: Record<string, Values[]> = {}
  for (let run = 1; run <= runs; run++) {
    for (const [name, measure] of Object.entries(sides)) {
      if (measure === undefined) continue
      const measured = await measure()
      values[name] = [...(values[name] ?? []), measured]
      const told = Object.entries(measured).map(([unit, value]) => `${short(value)} ${unit}`)
      tell(`${what}, run ${run} of ${runs}, ${name}: ${told.join(', ')}`)
    }
  }
  return values
}

/** Compares ours with the best of the peers, and with the base: a row for each unit. */
export async function compare(
  { what, measures, measure, peers = {} }: Comparison,
  { runs, ours, base }: Options,
): Promise<Row[]> {
  const values = await interleave(what, runs, {
    ours: () => measure(ours),
    base: base && (() => measure(base)),
    ...peers,
  })
  const [[unit, { better = 'more' }] = ['', {}]] = Object.entries(measures)
  const sign = better === 'more' ? 1 : -1
  const of = (side: string, ofUnit: string) =>
    (values[side] ?? []).map((each) => each[ofUnit] ?? Number.NaN)
  const [best] = Object.keys(peers)
    .filter((name) => peers[name] !== undefined)
    .sort((a, b) => sign * (median(of(b, unit)) - median(of(a, unit))))
  const leftOut = Object.keys(peers).filter((name) => peers[name] === undefined)
  return Object.entries(measures).map(([name, one]) => {
    const mine = of('ours', name)
    const ratioTo = (side: string) =>
      median(mine.map((value, run) => value / (of(side, name)[run] ?? Number.NaN)))
    const shown = (side: string) => short(median(of(side, name)))
    const ratio = best === undefined || one.better === undefined ? Number.NaN : ratioTo(best)
    return {
      what,
      unit: name,
      ours: shown('ours'),
      peer: [
        ...(best === undefined ? [] : [`${shown(best)} (${best})`]),
        ...leftOut.map((peer) => `${peer} left out: not installed`),
      ].join(', '),
      ratio: Number.isNaN(ratio) ? '' : short(ratio),
      goal: judged(one, ratio),
      base: base === undefined ? '' : `${shown('base')}, ours/base ${short(ratioTo('base'))}`,
    }
  })
}

/** Shows what work of growing size comes to: a row for each unit, with its value at each size. */
export async function growth(
  what: string,
  sizes: readonly number[],
  measure: (size: number, build: Build) => Promise<Values>,
  { runs, ours, base }: Options,
): Promise<Row[]> {
  const label = `${what}: ${sizes.map((size) => size.toLocaleString('en')).join(', ')}`
  const valuesOf = (build: Build) =>
    interleave(
      label,
      runs,
      Object.fromEntries(sizes.map((size) => [`size ${size}`, () => measure(size, build)])),
    )
  const mine = await valuesOf(ours)
  const theirs = base && (await valuesOf(base))
  const [first] = Object.values(mine).flat()
  return Object.keys(first ?? {}).map((unit) => {
    const medians = (values: Record<string, Values[]>) =>
      Object.values(values).map((each) => median(each.map((one) => one[unit] ?? Number.NaN)))
    const numbers = medians(mine)
    return {
      what: label,
      unit,
      ours: numbers.map(short).join(', '),
      peer: 'itself: the last beside the first',
      ratio: short((numbers.at(-1) ?? Number.NaN) / (numbers[0] ?? Number.NaN)),
      goal: '',
      base: theirs === undefined ? '' : medians(theirs).map(short).join(', '),
    }
  })
}

/** The goal, and whether it is reached. */
function judged({ goal, better }: Measure, ratio: number): string {
  if (goal === undefined) return ''
  const text = `${better === 'more' ? '≥' : '≤'} ${goal}`
  if (Number.isNaN(ratio)) return text
  const isReached = better === 'more' ? ratio >= goal : ratio <= goal
  return `${text}: ${isReached ? 'yes' : '**no**'}`
}

/** A table in Markdown, padded so that it reads well as text too. */
export function table(rows: readonly Row[], hasBase: boolean): string {
  const columns = ['what', 'unit', 'ours', 'peer', 'ratio', 'goal', 'base'] as const
  const shown = columns.filter((name) => name !== 'base' || hasBase)
  const cells = [shown, shown.map(() => ''), ...rows.map((row) => shown.map((name) => row[name]))]
  const widths = shown.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row, line) =>
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0, line === 1 ? '-' : ' ')),
    )
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}
