// What a program's calls came to: how often, how many bytes, how long blocked; and chunks as bars.
import { bytesOf, number, seconds } from './amounts.ts'
import { canBlock, isGivenUp, type TraceCall, type TraceSink } from './format.ts'
import { nameOf, plain } from './words.ts'

const BAR_WIDTH = 30
const NAME_WIDTH = 10

interface Count {
  times: number
  bytes: number
  blockedMs: number
  canBlock: boolean
  failures: number
  givenUp: number
}

/** What a run has cost: processor time, user and system together, and time on the clock. */
export interface Cost {
  readonly processorMs: number
  readonly wallMs: number
}

/** Returns what this process has cost since it started. */
export function ownCost(): Cost {
  const { user, system } = process.cpuUsage()
  return { processorMs: (user + system) / 1000, wallMs: performance.now() }
}

/** Counts the calls of a trace, whoever wrote it, and shows them at the end. */
export class Summary implements TraceSink {
  readonly #program: string
  readonly #show: (line: string) => void
  readonly #cost: (() => Cost) | undefined
  readonly #counts = new Map<string, Count>()
  readonly #wouldBlocks = new Map<string, number>()
  /** How often a recv brought so many bytes. */
  readonly #chunks = new Map<number, number>()

  /** `cost` is asked at the end; without it the last line, of the processor time, is left out. */
  constructor(program: string, show: (line: string) => void, cost?: () => Cost) {
    this.#program = program
    this.#show = show
    this.#cost = cost
  }

  write(record: TraceCall): void {
    const { call, blocked = 0, bytes = 0, waiting, wouldBlock, error } = record
    // Its own record follows when it returns.
    if (waiting) return
    const name = nameOf(record)
    if (wouldBlock !== undefined) {
      this.#wouldBlocks.set(name, (this.#wouldBlocks.get(name) ?? 0) + wouldBlock)
      return
    }
    const count = this.#counts.get(name) ?? noCalls(record)
    this.#counts.set(name, count)
    count.times++
    count.bytes += bytes
    count.blockedMs += blocked
    if (error !== undefined) count[isGivenUp(error) ? 'givenUp' : 'failures']++
    const isChunk = (call === 'recv' || call === 'tryRecv') && bytes > 0
    if (isChunk) this.#chunks.set(bytes, (this.#chunks.get(bytes) ?? 0) + 1)
  }

  end(): void {
    this.#show(`summary of ${plain(this.#program)}`)
    const lines = [...this.#callLines(), ...chunkLines(this.#chunks)]
    for (const line of lines) this.#show(`  ${line}`)
    const cost = this.#cost?.()
    if (cost === undefined) return
    const { processorMs, wallMs } = cost
    this.#show(`  processor time ${seconds(processorMs)} of ${seconds(wallMs)} wall time`)
  }

  #callLines(): string[] {
    const names = [...this.#counts.keys(), ...this.#wouldBlocks.keys()].map(plain)
    const width = names.reduce((most, name) => Math.max(most, name.length), NAME_WIDTH)
    const cells = (name: string, times: number) => {
      return plain(name).padEnd(width) + `${number(times)} ×`.padStart(11)
    }
    const lines = [...this.#counts].map(([name, count]) => {
      const { times, bytes, blockedMs, failures, givenUp } = count
      const parts = [
        cells(name, times),
        (bytes > 0 ? bytesOf(bytes) : '').padStart(20),
        count.canBlock ? `  blocked${seconds(blockedMs).padStart(11)}` : '',
        givenUp > 0 ? `  ${number(givenUp)} given up` : '',
        failures > 0 ? `  ${number(failures)} failed` : '',
      ]
      return parts.join('').trimEnd()
    })
    return [
      ...lines,
      ...[...this.#wouldBlocks].map(([name, times]) => `${cells(name, times)}  would block`),
    ]
  }
}

function noCalls(record: TraceCall): Count {
  const nothing = { times: 0, bytes: 0, blockedMs: 0, failures: 0, givenUp: 0 }
  return { ...nothing, canBlock: canBlock(record) }
}

/**
 * Returns the lines about the chunks that recv brought: smallest, median and largest, and a bar for
 * each power of two. `chunks` maps a size to how often it came.
 */
export function chunkLines(chunks: ReadonlyMap<number, number>): string[] {
  if (chunks.size === 0) return []
  const sizes = [...chunks].sort(([a], [b]) => a - b)
  const median = medianOf(sizes)
  const [smallest = 0] = sizes[0] ?? []
  const [largest = 0] = sizes.at(-1) ?? []
  const extremes = `smallest ${number(smallest)}, median ${number(median)}, largest ${number(largest)}`

  const buckets = new Map<number, number>()
  for (const [size, times] of sizes) {
    const bucket = Math.floor(Math.log2(size))
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + times)
  }
  const most = Math.max(...buckets.values())
  const bars = [...buckets].map(([bucket, times]) => {
    const from = Math.max(smallest, 2 ** bucket)
    const to = Math.min(largest, 2 ** (bucket + 1) - 1)
    const range = from === to ? number(from) : `${number(from)} to ${number(to)}`
    const bar = '█'.repeat(Math.max(1, Math.round((BAR_WIDTH * times) / most)))
    return `${range.padStart(24)}  ${bar} ${number(times)}`
  })
  return [`chunks of recv: ${extremes} bytes`, ...bars]
}

/** Returns the median of sorted sizes, each with how often it came: of two middles, their mean. */
function medianOf(sizes: readonly [size: number, times: number][]): number {
  const total = sizes.reduce((sum, [, times]) => sum + times, 0)
  const atPlace = (place: number) => {
    let seen = 0
    const found = sizes.find(([, times]) => {
      seen += times
      return seen > place
    })
    return found?.[0] ?? 0
  }
  return (atPlace(Math.floor((total - 1) / 2)) + atPlace(Math.floor(total / 2))) / 2
}
