// Measures ways to read lines, each in a process of its own.
import { programOf } from './built.ts'
import { compare, type Options, type Row } from './compare.ts'
import { libraryPath } from './programs.ts'

const BYTES = 100_000_000
const AVERAGES = [10, 60, 400]

interface Result {
  lines: number
  characters: number
  seconds: number
}

/** One row for each average length of a line: one of our ways beside those of the peers. */
export async function compareLines(
  what: string,
  our: string,
  peers: readonly string[],
  goal: number,
  { runs, quick }: Options,
): Promise<Row[]> {
  const start = await programOf('line-reader')
  const bytes = quick ? BYTES / 10 : BYTES
  const rows: Row[] = []
  for (const average of AVERAGES) {
    let lines: number | undefined
    const measure = async (way: string) => {
      await using reader = start([libraryPath, way, bytes, average])
      const { stdout } = await reader.succeeded()
      const result = JSON.parse(stdout) as Result
      lines ??= result.lines
      if (result.lines !== lines || result.characters !== bytes) {
        throw new Error(`${way}: ${result.lines} lines of ${lines}, ${result.characters} bytes`)
      }
      return bytes / 1e6 / result.seconds
    }
    const comparison = {
      what: `${what}: ${average} bytes on average`,
      unit: 'MB/s',
      better: 'high',
      ours: () => measure(our),
      peers: peers.map((name) => ({ name, measure: () => measure(name) })),
      goal,
    } as const
    rows.push(await compare(comparison, runs))
  }
  return rows
}
