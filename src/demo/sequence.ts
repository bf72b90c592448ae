// Puts the calls of several programs into one order as they come: nothing stands before its cause.
import { formatAddress } from '../socket/address.ts'
import { isReceiving, type TraceCall } from '../trace/format.ts'

/** Whose calls they are. */
export interface Performer {
  readonly name: string
  /** In milliseconds since 1970: all programs run on this machine, by one clock. */
  readonly startedAt: number | undefined
}

export interface Happening {
  readonly actor: Performer
  readonly call: TraceCall
  /** Who is at the other end of the connection, where it is about one. */
  readonly peer: Performer | undefined
}

/** The calls after which something comes out at the other end, as soon as they have started. */
const CAUSES = ['listen', 'connect', 'sendAll', 'shutdown', 'close']

/** A line of calls for each program, of which the next is taken wherever one may come. */
export class Sequence {
  readonly #waiting = new Map<Performer, TraceCall[]>()
  /** By the address of each end: whose it is. */
  readonly #ends = new Map<string, Performer>()
  /** By the two addresses, the sender's first: so many bytes have been sent. */
  readonly #sent = new Map<string, number>()
  readonly #ended = new Set<string>()

  add(actor: Performer, calls: readonly TraceCall[]): void {
    this.#waiting.set(actor, [...(this.#waiting.get(actor) ?? []), ...calls])
  }

  /** Whether there are calls of this program that had to wait. */
  isWaitedFor(actor: Performer): boolean {
    return (this.#waiting.get(actor)?.length ?? 0) > 0
  }

  /** What comes next; undefined while that is not known. `isLast`: nothing comes to wait for. */
  next({ isLast = false } = {}): Happening | undefined {
    const heads = [...this.#waiting].flatMap(([actor, [call]]) =>
      call === undefined ? [] : [{ actor, call, at: timeOf(actor, call) }],
    )
    const ready = heads.filter(({ call }) => isLast || !this.#isPremature(call))
    const [first, ...others] = ready
    if (first === undefined) return undefined
    const { actor, call } = others.reduce((one, other) => (other.at < one.at ? other : one), first)
    this.#waiting.get(actor)?.shift()
    this.#note(actor, call)
    const peer = call.remote && this.#ends.get(formatAddress(call.remote))
    return { actor, call, peer }
  }

  /** Whether what the call shows has not been sent yet, as far as the traces tell. */
  #isPremature({ call, local, remote, bytes, offset = 0, error }: TraceCall): boolean {
    if (local === undefined || remote === undefined || error !== undefined) return false
    if (call === 'accept') return !this.#ends.has(formatAddress(remote))
    if (!isReceiving(call) || bytes === undefined) return false
    const direction = `${formatAddress(remote)} ${formatAddress(local)}`
    if (bytes === 0) return !this.#ended.has(direction)
    return offset + bytes > (this.#sent.get(direction) ?? 0)
  }

  #note(actor: Performer, { call, local, remote, bytes = 0, offset = 0 }: TraceCall): void {
    if (local === undefined) return
    if (call === 'connect' || call === 'listen') this.#ends.set(formatAddress(local), actor)
    if (remote === undefined) return
    const direction = `${formatAddress(local)} ${formatAddress(remote)}`
    if (call === 'sendAll') this.#sent.set(direction, offset + bytes)
    if (call === 'close' || call === 'shutdown') this.#ended.add(direction)
  }
}

function timeOf(actor: Performer, { call, at, blocked = 0 }: TraceCall): number {
  return (actor.startedAt ?? 0) + (CAUSES.includes(call) ? at - blocked : at)
}
