// Measures ways to read lines, each in a process of its own.
import { programOf } from './built.ts'
import { compare, type Options, type Row } from './compare.ts'
import { libraryPath } from './programs.ts'
import { median, short } from './statistics.ts'

const BYTES = 100_000_000
const AVERAGES = [10, 60, 400]

interface Result {
  lines: number
  characters: number
  seconds: number
}

/** One row for each average length of a line, and a note of what the feeder can do at most. */
export async function compareLines(
  what: string,
  our: string,
  peers: readonly string[],
  goal: number,
  { runs, quick }: Options,
): Promise<{ rows: Row[]; notes: string[] }> {
  const start = await programOf('line-reader')
  const bytes = quick ? BYTES / 10 : BYTES
  const rows: Row[] = []
  const read = async (way: string, average: number) => {
    await using reader = start([libraryPath, way, bytes, average])
    const { stdout } = await reader.succeeded()
    return JSON.parse(stdout) as Result
  }
  const rate = ({ seconds }: Result) => bytes / 1e6 / seconds
  for (const average of AVERAGES) {
    let lines: number | undefined
    const measure = async (way: string) => {
      const result = await read(way, average)
      lines ??= result.lines
      if (result.lines !== lines || result.characters !== bytes) {
        throw new Error(`${way}: ${result.lines} lines of ${lines}, ${result.characters} bytes`)
      }
      return rate(result)
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
  const uncut: number[] = []
  while (uncut.length < runs) uncut.push(rate(await read('uncut', 60)))
  const notes = [
    `${what}: the bytes alone, not cut into lines, come at ${short(median(uncut))} MB/s.`,
  ]
  return { rows, notes }
}
