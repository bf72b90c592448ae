// A trace for people: a line on stderr for each call as it returns, in the words of the tutorial.

import type { Call, CallName } from '../calls.ts'
import { type Address, formatAddress } from '../socket/address.ts'
import { codeOf } from '../socket/errors.ts'
import { preview } from '../terminal/visible.ts'
import { bytesOf, number, seconds } from './amounts.ts'
import { ABORTED, canBlock, isGivenUp } from './format.ts'
import type { Sink } from './observer.ts'

/** A call that waits for so long shows, so that one sees the program wait. */
const STILL_BLOCKED_MS = 1000
const LOOK_EVERY_MS = 250
/** A shorter wait is none that anybody could see. */
const BLOCKED_MS = 1

const BLOCKED = '… blocked'
const BLOCKED_LINE = new RegExp(`^\\[ *(\\d+\\.\\d+) s\\] (\\w+) .*${BLOCKED}$`)

const PREPOSITIONS: Partial<Record<CallName, string>> = {
  connect: 'to',
  sendAll: 'to',
  shutdown: 'to',
  close: 'with',
}

export class TraceLines implements Sink {
  readonly #show: (line: string) => void
  /** Calls that have not returned, and are not known to block. */
  readonly #pending = new Set<Call>()
  readonly #look: NodeJS.Timeout

  constructor(show: (line: string) => void) {
    this.#show = show
    this.#look = setInterval(() => this.#showBlocked(), LOOK_EVERY_MS).unref()
  }

  begins(call: Call): void {
    this.#pending.add(call)
  }

  returns(call: Call, times: number): void {
    this.#pending.delete(call)
    this.#show(traceLine(call, times))
  }

  end(): void {
    clearInterval(this.#look)
  }

  #showBlocked(): void {
    const now = performance.now()
    for (const call of this.#pending) {
      if (call.returnedAt !== undefined) this.#pending.delete(call)
      else if (now - call.startedAt >= STILL_BLOCKED_MS) {
        this.#pending.delete(call)
        this.#show(`${time(now)} ${call.call} ${place(call)}${BLOCKED}`)
      }
    }
  }
}

/** `[   2.310 s] recv 3 bytes "abc" from 127.0.0.1:40312, blocked 2.104 s` */
export function traceLine(call: Call, times = 1): string {
  const { call: name, startedAt, returnedAt = startedAt } = call
  const blockedMs = returnedAt - startedAt
  const isWorthTelling = canBlock(name) && blockedMs >= BLOCKED_MS
  const blocked = isWorthTelling ? `, blocked ${seconds(blockedMs)}` : ''
  const words = [time(returnedAt), name, result(call, times), place(call)]
  return `${words
    .filter((word) => word !== '')
    .join(' ')
    .trimEnd()}${blocked}`
}

/** What a line says of a call that waits: its name, and at how many milliseconds it still did. */
export function readBlocked(line: string): { call: string; at: number } | undefined {
  const [, at, call] = BLOCKED_LINE.exec(line) ?? []
  return at === undefined || call === undefined ? undefined : { call, at: 1000 * Number(at) }
}

function result({ call: name, bytes, head, wouldBlock, error }: Call, times: number): string {
  if (error !== undefined) {
    const code = codeOf(error, ABORTED)
    return isGivenUp(code) ? 'given up' : `failed (${code})`
  }
  if (wouldBlock) return `nothing yet${times > 1 ? `, ${number(times)} times` : ''}`
  if (name === 'keyboard') return typed({ bytes, head })
  if (bytes === undefined) return ''
  if (bytes === 0 && name !== 'sendAll') return '0 bytes: end of data'
  return `${bytesOf(bytes)} ${quote({ bytes, head })}`
}

function typed(line: Text): string {
  if (line.bytes === undefined) return 'end of input'
  return line.bytes === 0 ? 'Enter' : quote(line)
}

interface Text {
  bytes: number | undefined
  head: Buffer | undefined
}

function quote({ head = Buffer.alloc(0), bytes = 0 }: Text): string {
  return `"${preview(head)}${bytes > head.length ? '…' : ''}"`
}

function place({ call: name, local, remote, error }: Call): string {
  const preposition = remote === undefined ? 'on' : (PREPOSITIONS[name] ?? 'from')
  if (name === 'connect' && error === undefined && local !== undefined) {
    return `${words(preposition, remote)}from ${formatAddress(local)} `
  }
  return words(preposition, remote ?? local)
}

function words(preposition: string, address: Address | undefined): string {
  return address === undefined ? '' : `${preposition} ${formatAddress(address)} `
}

function time(milliseconds: number): string {
  return `[${seconds(milliseconds).padStart(10)}]`
}
