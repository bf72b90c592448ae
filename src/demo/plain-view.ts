// Shows a play as plain lines that are the same in every run: what differs from run to run is masked.
import { bytesOf, plain } from '../ladder/words.ts'
import { preview } from '../terminal/visible.ts'
import { isReceiving, type TraceCall } from '../trace/trace-format.ts'
import type { Actor } from './actor.ts'
import type { News } from './cursor.ts'
import { type Play, SERVER } from './play.ts'
import type { View } from './view.ts'

/** TCP may cut more than this into any chunks; less comes in one piece, in practice and here. */
const ONE_PIECE_BYTES = 1000
/** More than this is no letter, and no request. */
const SHORT_BYTES = 32

export class PlainView implements View {
  readonly #play: Play
  readonly #started = new Set<Actor>()

  constructor(play: Play) {
    this.#play = play
  }

  begin(): string[] {
    return [`# pynet demo: ${this.#play.title}`]
  }

  say(sentence: string): string[] {
    return ['', `# ${sentence}`]
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
    const words = actor.commandLine.split(' ')
    // The port stands behind the address; the server's own is the 0 with which it asks for any.
    const masked = words.map((word, index) =>
      words[index - 1] === '127.0.0.1' ? maskPort(word) : word,
    )
    return [`${actor.name}$ ${masked.join(' ')}`]
  }

  #outputOf(actor: Actor, lines: readonly string[]): string[] {
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
    return runs.map((run) => this.#words(run))
  }

  #words(run: readonly TraceCall[]): string {
    const [first] = run
    if (first === undefined) return ''
    const { call, error, remote } = first
    if (error !== undefined) return `${call} fails: ${error}`
    const bytes = run.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
    if (call === 'keyboard') return `keyboard ${bytes === 0 ? 'Enter' : quoted(run, bytes)}`
    if (isReceiving(call) && bytes === 0) return `${call} 0 bytes: end of data`
    if (isTransfer(first)) return `${call} ${this.#amount(run, bytes)}`
    return call === 'close' ? `close the ${remote === undefined ? 'listener' : 'connection'}` : call
  }

  #amount(run: readonly TraceCall[], bytes: number): string {
    const [first] = run
    const how = first?.call === 'readLine' ? ' in lines' : ' in chunks'
    if (this.#play.hasVaryingBytes && bytes > SHORT_BYTES) return `BYTES bytes${how}`
    const isInChunks = bytes > ONE_PIECE_BYTES && first !== undefined && isReceiving(first.call)
    return isInChunks ? `${bytesOf(bytes)}${how}` : `${bytesOf(bytes)} ${quoted(run, bytes)}`
  }

  #sumsOf(actor: Actor): string[] {
    const sums = new Map<string, { times: number; bytes: number }>()
    for (const { call, bytes = 0, wouldBlock } of actor.calls) {
      if (wouldBlock !== undefined) continue
      const sum = sums.get(call) ?? { times: 0, bytes: 0 }
      sums.set(call, { times: sum.times + 1, bytes: sum.bytes + bytes })
    }
    return [...sums].map(([call, { times, bytes }]) => {
      const varies = this.#play.hasVaryingBytes && bytes > SHORT_BYTES
      const isInChunks = varies || (bytes > ONE_PIECE_BYTES && call !== 'sendAll')
      const amount = bytes === 0 ? '' : `, ${varies ? 'BYTES bytes' : bytesOf(bytes)}`
      return `${actor.name}: ${call} ${isInChunks ? 'TIMES' : times} ×${amount}, blocked TIME`
    })
  }
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
