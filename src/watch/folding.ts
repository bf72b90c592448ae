// A busy loop in a few records: calls that bring nothing, again and again, are told as one.
import type { TraceCall } from '../trace/format.ts'

/** A record that is told once, with the number of its repetitions. */
interface FoldedCall extends TraceCall {
  /** How many times in a row the call came to the same, where that is no would-block. */
  readonly times?: number
}

interface Slot {
  /** What has not been told. */
  record: FoldedCall | undefined
  /** The loop has gone round since the last look. */
  isBusy: boolean
}

/** A call that returned this much earlier or later than it says is the same call. */
const ROUNDING_MS = 0.01

/**
 * Would-blocks are kept back until the socket has something else to tell, or the loop has stopped
 * for a while. Whatever else brings nothing (a select that says "ready" of a socket which nobody
 * reads, the end of data read again, the same failure) is told the first time; its repetitions are
 * kept back.
 */
export class Folding {
  readonly #tell: (record: TraceCall) => void
  /** By what they are of (a socket, or a thread's select), and what came of the call. */
  readonly #slots = new Map<string, Map<string, Slot>>()
  /** When the call began of which a record says that it waits, by thread. */
  readonly #waiting = new Map<number | undefined, number>()

  constructor(tell: (record: TraceCall) => void) {
    this.#tell = tell
  }

  add(record: TraceCall): void {
    if (record.waiting || this.#hasWaited(record) || !bringsNothing(record)) {
      this.#flush(`socket ${record.socket}`)
      this.#flush(selectsOf(record))
      if (record.waiting) this.#waiting.set(record.process, record.at)
      this.#tell(record)
      return
    }
    const owner = record.call === 'select' ? selectsOf(record) : `socket ${record.socket}`
    const slots = this.#slots.get(owner) ?? new Map<string, Slot>()
    this.#slots.set(owner, slots)
    const { call, socket, process, wouldBlock, error } = record
    const key = `${call} ${socket} ${process} ${wouldBlock === undefined} ${error}`
    const slot = slots.get(key)
    if (slot !== undefined) {
      slot.record = together(slot.record, record)
      slot.isBusy = true
      return
    }
    const isWouldBlock = wouldBlock !== undefined
    if (!isWouldBlock) this.#tellKept(slots)
    slots.set(key, { record: isWouldBlock ? record : undefined, isBusy: true })
    if (!isWouldBlock) this.#tell(record)
  }

  /** To be called now and then: tells of the loops that have stopped since the last time. */
  look(): void {
    for (const [owner, slots] of this.#slots) {
      for (const [key, slot] of slots) {
        if (!slot.isBusy) {
          if (slot.record !== undefined) this.#tell(slot.record)
          slots.delete(key)
        }
        slot.isBusy = false
      }
      if (slots.size === 0) this.#slots.delete(owner)
    }
  }

  end(): void {
    for (const owner of [...this.#slots.keys()]) this.#flush(owner)
  }

  #flush(owner: string): void {
    const slots = this.#slots.get(owner)
    if (slots === undefined) return
    this.#slots.delete(owner)
    this.#tellKept(slots)
  }

  #tellKept(slots: ReadonlyMap<string, Slot>): void {
    const kept = [...slots.values()].flatMap(({ record }) => record ?? [])
    for (const record of kept.sort((a, b) => a.at - b.at)) this.#tell(record)
    for (const slot of slots.values()) slot.record = undefined
  }

  /** Whether it has been told that the call waits: then it stands by itself. */
  #hasWaited({ process, at, blocked = 0 }: TraceCall): boolean {
    const since = this.#waiting.get(process)
    if (since === undefined || Math.abs(at - blocked - since) > ROUNDING_MS) return false
    this.#waiting.delete(process)
    return true
  }
}

function selectsOf({ process }: TraceCall): string {
  return `selects of ${process}`
}

function bringsNothing({ call, bytes, wouldBlock, error }: TraceCall): boolean {
  const isEnd = call === 'recv' && bytes === 0
  return wouldBlock !== undefined || error !== undefined || call === 'select' || isEnd
}

/** The last of them, with the time of all. */
function together(before: FoldedCall | undefined, record: TraceCall): FoldedCall {
  const { wouldBlock } = record
  const blocked = rounded((before?.blocked ?? 0) + (record.blocked ?? 0))
  if (wouldBlock === undefined) {
    return before === undefined ? record : { ...record, blocked, times: (before.times ?? 1) + 1 }
  }
  return { ...record, blocked, wouldBlock: wouldBlock + (before?.wouldBlock ?? 0) }
}

/** Milliseconds to the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
