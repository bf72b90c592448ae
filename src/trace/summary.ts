// What a program's calls came to: how often, how many bytes, how long blocked; and chunks as bars.

import type { Call, CallName } from '../calls.ts'
import { codeOf } from '../socket/errors.ts'
import { bytesOf, number, seconds } from './amounts.ts'
import { ABORTED, canBlock, isGivenUp } from './format.ts'
import type { Sink } from './observer.ts'

const BAR_WIDTH = 30
const EMPTY_HANDED = 'nothing yet'

interface Count {
  times: number
  bytes: number
  blockedMs: number
  failures: number
  givenUp: number
}

const NOTHING: Count = { times: 0, bytes: 0, blockedMs: 0, failures: 0, givenUp: 0 }

export class Summary implements Sink {
  readonly #program: string
  readonly #show: (line: string) => void
  readonly #counts = new Map<CallName, Count>()
  /** How often a recv brought so many bytes. */
  readonly #chunks = new Map<number, number>()
  #wouldBlocks = 0

  constructor(program: string, show: (line: string) => void) {
    this.#program = program
    this.#show = show
  }

  returns(call: Call, times: number): void {
    const { call: name, startedAt, returnedAt = startedAt, bytes = 0, wouldBlock, error } = call
    if (wouldBlock) {
      this.#wouldBlocks += times
      return
    }
    const count = this.#counts.get(name) ?? { ...NOTHING }
    this.#counts.set(name, count)
    count.times++
    count.bytes += bytes
    count.blockedMs += returnedAt - startedAt
    if (error !== undefined) count[isGivenUp(codeOf(error, ABORTED)) ? 'givenUp' : 'failures']++
    const isChunk = (name === 'recv' || name === 'tryRecv') && bytes > 0
    if (isChunk) this.#chunks.set(bytes, (this.#chunks.get(bytes) ?? 0) + 1)
  }

  end(): void {
    const { user, system } = process.cpuUsage()
    this.#show(`summary of ${this.#program}`)
    const lines = [...this.#callLines(), ...chunkLines(this.#chunks)]
    for (const line of lines) this.#show(`  ${line}`)
    const spent = seconds((user + system) / 1000)
    this.#show(`  processor time ${spent} of ${seconds(performance.now())} wall time`)
  }

  #callLines(): string[] {
    const lines = [...this.#counts].map(([name, count]) => {
      const { times, bytes, blockedMs, failures, givenUp } = count
      const cells = [
        name.padEnd(10),
        `${number(times)} ×`.padStart(11),
        (bytes > 0 ? bytesOf(bytes) : '').padStart(20),
        canBlock(name) ? `  blocked${seconds(blockedMs).padStart(11)}` : '',
        givenUp > 0 ? `  ${number(givenUp)} given up` : '',
        failures > 0 ? `  ${number(failures)} failed` : '',
      ]
      return cells.join('').trimEnd()
    })
    if (this.#wouldBlocks > 0) {
      const times = `${number(this.#wouldBlocks)} ×`
      lines.push(`${'tryRecv'.padEnd(10)}${times.padStart(11)}  ${EMPTY_HANDED} (would block)`)
    }
    return lines
  }
}

/** The sizes of the chunks that recv brought: extremes, median, and a bar for each power of two. */
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

/** The size in the middle, of sizes in their order and how often each came; of two, their mean. */
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
