// Runs the sides of a comparison in turn, and makes a row of the table out of what they gave.
import { median, short } from './statistics.ts'

export interface Options {
  /** How often each side is measured. */
  runs: number
  /** A tenth of the work: to see that everything runs. */
  quick: boolean
}

/** One row of the table. */
export interface Row {
  what: string
  ours: string
  peer: string
  ratio: string
  goal: string
}

export interface Scenario {
  /** What `--only` selects. */
  name: string
  run(options: Options): Promise<{ rows: Row[]; notes?: string[] }>
}

export interface Side {
  name: string
  /** Measures once. Undefined for a peer that is not installed. */
  measure: (() => Promise<number>) | undefined
}

interface Comparison {
  what: string
  unit: string
  /** Which values are the better ones: rates are high, times are low. */
  better: 'high' | 'low'
  ours: () => Promise<number>
  /** The best of the installed ones is what counts. */
  peers: readonly Side[]
  /** What ours / peer shall be: at least, or at most where low values are better. */
  goal?: number
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Measures each side in turn, so many times: A B A B. Gives the values of each side. */
export async function interleave(
  what: string,
  unit: string,
  runs: number,
  sides: readonly Side[],
): Promise<Map<string, number[]>> {
  const values = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
  for (let run = 1; run <= runs; run++) {
    const told: string[] = []
    for (const { name, measure } of sides) {
      if (measure === undefined) continue
      const value = await measure()
      values.get(name)?.push(value)
      told.push(`${name} ${short(value)}`)
    }
    tell(`${what}, run ${run} of ${runs}, ${unit}: ${told.join(', ')}`)
  }
  return values
}

/** Compares ours with the best of the peers. */
export async function compare(comparison: Comparison, runs: number): Promise<Row> {
  const { what, unit, better, peers } = comparison
  const sides = [{ name: 'ours', measure: comparison.ours }, ...peers]
  const values = await interleave(what, unit, runs, sides)
  const ours = values.get('ours') ?? []
  const sign = better === 'high' ? 1 : -1
  const [best] = peers
    .map(({ name }) => ({ name, values: values.get(name) ?? [] }))
    .filter((peer) => peer.values.length > 0)
    .sort((a, b) => sign * (median(b.values) - median(a.values)))
  const leftOut = peers.filter((peer) => peer.measure === undefined).map(({ name }) => name)
  const row = { what, ours: `${short(median(ours))} ${unit}`, goal: '' }
  if (best === undefined) {
    return {
      ...row,
      peer: leftOut.map(notInstalled).join(', '),
      ratio: '',
      goal: goalText(comparison),
    }
  }
  const ratio = median(ours.map((value, index) => value / (best.values[index] ?? Number.NaN)))
  const peer = [
    `${short(median(best.values))} ${unit} (${best.name})`,
    ...leftOut.map(notInstalled),
  ]
  return { ...row, peer: peer.join(', '), ratio: short(ratio), goal: goalText(comparison, ratio) }
}

function notInstalled(name: string): string {
  return `${name} left out: not installed`
}

function goalText({ goal, better }: Comparison, ratio?: number): string {
  if (goal === undefined) return ''
  const text = `${better === 'high' ? '≥' : '≤'} ${goal}`
  return ratio === undefined
    ? text
    : judged(text, better === 'high' ? ratio >= goal : ratio <= goal)
}

/** The goal, and whether it was reached. */
export function judged(goal: string, isReached: boolean): string {
  return `${goal}: ${isReached ? 'yes' : '**no**'}`
}

/** A table in Markdown, padded so that it reads well as text too. */
export function table(rows: readonly Row[]): string {
  const head: Row = { what: 'what', ours: 'ours', peer: 'peer', ratio: 'ratio', goal: 'goal' }
  const columns = ['what', 'ours', 'peer', 'ratio', 'goal'] as const
  const widths = columns.map((name) => Math.max(...[head, ...rows].map((row) => row[name].length)))
  const line = (cells: string[], fill: string) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0, fill)).join(' | ')} |`
  return [
    line(
      columns.map((name) => head[name]),
      ' ',
    ),
    line(
      columns.map(() => ''),
      '-',
    ),
    ...rows.map((row) =>
      line(
        columns.map((name) => row[name]),
        ' ',
      ),
    ),
  ].join('\n')
}
