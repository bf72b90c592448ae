// Echo, memory: the peak of the resident memory of both ends, which the amount of data must not raise.
import { judged, type Row, type Scenario, tell } from '../support/compare.ts'
import { BULK_STRING_BYTES, peakMemoryOfEcho, TUTORIAL_STRING_BYTES } from '../support/echo.ts'
import { median, short } from '../support/statistics.ts'

const GIGABYTES = [0.1, 1, 6]
const MAX_SPREAD_MEGABYTES = 10
const MAX_MEGABYTES = 100
const ENDS = ['server', 'client'] as const

export const echoMemory: Scenario = {
  name: 'echo-memory',
  async run({ runs, quick }) {
    const rows: Row[] = []
    const sizes = GIGABYTES.map((gigabytes) => (quick ? gigabytes / 10 : gigabytes))
    for (const stringBytes of [BULK_STRING_BYTES, TUTORIAL_STRING_BYTES]) {
      const peaks = sizes.map(() => ({ server: [] as number[], client: [] as number[] }))
      for (let run = 1; run <= runs; run++) {
        for (const [index, gigabytes] of sizes.entries()) {
          const copies = Math.round((gigabytes * 1e9) / stringBytes)
          const peak = await peakMemoryOfEcho(stringBytes, copies)
          for (const end of ENDS) peaks[index]?.[end].push(peak[end])
          const told = `server ${short(peak.server)}, client ${short(peak.client)}`
          tell(`echo, memory, run ${run} of ${runs}, ${gigabytes} GB, MB: ${told}`)
        }
      }
      for (const end of ENDS) {
        const medians = peaks.map((peak) => median(peak[end]))
        const strings = `${stringBytes / 1000} kB strings, ${sizes.join(', ')} GB`
        rows.push(rowOf(`echo, memory of the ${end}: ${strings}`, medians))
      }
    }
    return { rows }
  },
}

function rowOf(what: string, megabytes: number[]): Row {
  const largest = Math.max(...megabytes)
  const spread = largest - Math.min(...megabytes)
  const isReached = spread <= MAX_SPREAD_MEGABYTES && largest < MAX_MEGABYTES
  return {
    what,
    ours: `${megabytes.map(short).join(', ')} MB`,
    peer: 'itself',
    ratio: `spread ${short(spread)} MB`,
    goal: judged(`within ${MAX_SPREAD_MEGABYTES} MB, < ${MAX_MEGABYTES} MB`, isReached),
  }
}
