// Shows a play as plain lines, for a file or a pipe; masked, they are the same in every run.
import { cut } from '../ladder/columns.ts'
import { plain } from '../ladder/words.ts'
import { formatAddress } from '../socket/address.ts'
import { preview } from '../terminal/visible.ts'
import { bytesOf, seconds } from '../trace/amounts.ts'
import { canBlock, isReceiving, type TraceCall } from '../trace/format.ts'
import type { Actor } from './actor.ts'
import type { News } from './cursor.ts'
import { type Play, SERVER } from './play.ts'
import type { View, Waiting } from './view.ts'

/** TCP may cut more than this into any chunks; less comes in one piece, in practice and here. */
const ONE_PIECE_BYTES = 1000
/** More than this is no letter, and no request. */
const SHORT_BYTES = 32

/** More lines of output than this are shown as the first few, and a number. */
const SHOWN_LINES = 4
const LINE_COLUMNS = 80
/** A call that waited for so long says so. */
const BLOCKED_MS = 100

export class PlainView implements View {
  readonly #play: Play
  /** Leaves out what differs from run to run: ports, times, chunks. */
  readonly #isMasked: boolean
  readonly #started = new Set<Actor>()

  constructor(play: Play, { isMasked }: { isMasked: boolean }) {
    this.#play = play
    this.#isMasked = isMasked
  }

  begin(): string[] {
    return [`# pynet demo: ${this.#play.title}`]
  }

  say(sentence: string): string[] {
    return ['', `# ${sentence}`]
  }

  waits(waiting: readonly Waiting[]): string[] {
    return waiting.map(({ actor, call }) => `${actor.name}: ${call} blocks`)
  }

  progress(): string[] {
    return []
  }

  complete(news: readonly [Actor, News][]): string[] {
    return news.flatMap(([actor, { calls, lines, hasEnded }]) => [
      ...this.#startOf(actor),
      ...this.#runs(calls).map((run) => `${actor.name}: ${run}`),
      ...this.#outputOf(actor, lines).map((line) => `${actor.name}> ${line}`.trimEnd()),
      ...(hasEnded ? [`${actor.name}: exit code ${actor.status}`] : []),
    ])
  }

  end(actors: readonly Actor[], closing: string): string[] {
    return [
      '',
      '# What the calls came to:',
      ...actors.flatMap((actor) => this.#sumsOf(actor)),
      '',
      `# ${closing}`,
    ]
  }

  #startOf(actor: Actor): string[] {
    if (this.#started.has(actor)) return []
    this.#started.add(actor)
    if (!this.#isMasked) return [`${actor.name}$ ${actor.commandLine}`]
    const words = actor.commandLine.split(' ')
    // The port stands behind the address; the server's own is the 0 with which it asks for any.
    const masked = words.map((word, index) =>
      words[index - 1] === '127.0.0.1' ? maskPort(word) : word,
    )
    return [`${actor.name}$ ${masked.join(' ')}`]
  }

  #outputOf(actor: Actor, lines: readonly string[]): readonly string[] {
    if (!this.#isMasked) return shortened(lines.map((line) => cut(plain(line), LINE_COLUMNS)))
    const { maskOutput } = this.#play
    const isMasked = maskOutput !== undefined && actor.name !== SERVER && lines.length > 0
    const shown = isMasked ? maskOutput(lines) : lines
    return shown.map((line) => plain(line).replace(/^(client is at \('.*', )\d+\)$/, '$1PORT)'))
  }

  /** The calls in words; what was sent or received several times in a row is one of them. */
  #runs(calls: readonly TraceCall[]): string[] {
    const runs: TraceCall[][] = []
    for (const call of calls.filter(({ wouldBlock }) => wouldBlock === undefined)) {
      const run = runs.at(-1)
      const [first] = run ?? []
      if (first !== undefined && isTransfer(call) && kindOf(call) === kindOf(first)) run?.push(call)
      else runs.push([call])
    }
    return runs.map((run) => this.#words(run) + (this.#isMasked ? '' : timesOf(run)))
  }

  #words(run: readonly TraceCall[]): string {
    const [first] = run
    if (first === undefined) return ''
    const { call, error, local, remote } = first
    if (error !== undefined) return `${call} fails: ${error}`
    const bytes = run.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
    if (call === 'keyboard') return `keyboard ${bytes === 0 ? 'Enter' : quoted(run, bytes)}`
    if (isReceiving(call) && bytes === 0) return `${call} 0 bytes: end of data`
    if (isTransfer(first)) return `${call} ${this.#amount(run, bytes)}`
    if (call === 'close') return `close the ${remote === undefined ? 'listener' : 'connection'}`
    const address = call === 'listen' ? local : remote
    return this.#isMasked || address === undefined ? call : `${call} ${formatAddress(address)}`
  }

  #amount(run: readonly TraceCall[], bytes: number): string {
    const [first] = run
    const pieces = first?.call === 'readLine' ? 'lines' : 'chunks'
    if (!this.#isMasked) {
      const how = run.length > 1 ? ` in ${run.length} ${pieces}` : ''
      return `${bytesOf(bytes)} ${quoted(run, bytes)}${how}`
    }
    const how = ` in ${pieces}`
    if (this.#play.hasVaryingBytes && bytes > SHORT_BYTES) return `BYTES bytes${how}`
    const isInChunks = bytes > ONE_PIECE_BYTES && first !== undefined && isReceiving(first.call)
    return isInChunks ? `${bytesOf(bytes)}${how}` : `${bytesOf(bytes)} ${quoted(run, bytes)}`
  }

  #sumsOf(actor: Actor): string[] {
    if (!this.#isMasked) return [`${actor.name} (${actor.commandLine})`, ...actor.summary]
    const sums = new Map<TraceCall['call'], { times: number; bytes: number }>()
    for (const { call, bytes = 0, wouldBlock } of actor.calls) {
      if (wouldBlock !== undefined) continue
      const sum = sums.get(call) ?? { times: 0, bytes: 0 }
      sums.set(call, { times: sum.times + 1, bytes: sum.bytes + bytes })
    }
    const lines = [...sums].map(([call, { times, bytes }]) => {
      const varies = this.#play.hasVaryingBytes && bytes > SHORT_BYTES
      const isInChunks = varies || (bytes > ONE_PIECE_BYTES && call !== 'sendAll')
      const amount = bytes === 0 ? '' : `, ${varies ? 'BYTES bytes' : bytesOf(bytes)}`
      const blocked = canBlock(call) ? ', blocked TIME' : ''
      return `${actor.name}: ${call} ${isInChunks ? 'TIMES' : times} ×${amount}${blocked}`
    })
    return [...lines, `${actor.name}: processor time TIME of TIME wall time`]
  }
}

/** The first few lines of many. */
function shortened(lines: readonly string[]): readonly string[] {
  const rest = lines.length - SHOWN_LINES
  return rest < 2 ? lines : [...lines.slice(0, SHOWN_LINES), `… ${rest} more lines`]
}

/** When the last of them returned, and how long they blocked together. */
function timesOf(run: readonly TraceCall[]): string {
  const blockedMs = run.reduce((sum, { blocked = 0 }) => sum + blocked, 0)
  const blocked = blockedMs < BLOCKED_MS ? '' : `, blocked ${seconds(blockedMs)}`
  return `, at ${seconds(run.at(-1)?.at ?? 0)}${blocked}`
}

function isTransfer({ call, bytes, error }: TraceCall): boolean {
  return (isReceiving(call) || call === 'sendAll') && bytes !== undefined && error === undefined
}

function kindOf({ call, remote, bytes }: TraceCall): string {
  return `${call} ${remote?.port} ${bytes === 0 ? 'end' : ''}`
}

function quoted(run: readonly TraceCall[], bytes: number): string {
  const head = Buffer.concat(run.map(({ head = '' }) => Buffer.from(head, 'hex')))
  return `"${preview(head.subarray(0, SHORT_BYTES))}${bytes > SHORT_BYTES ? '…' : ''}"`
}

function maskPort(word: string): string {
  return /^[1-9]\d*$/.test(word) ? 'PORT' : word
}
