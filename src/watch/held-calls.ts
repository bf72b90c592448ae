// Calls on their way into the trace: each has its socket's addresses, and none overtakes another.
import type { TraceCall } from '../trace/format.ts'
import type { Ends } from './addresses.ts'
import type { TcpSocket } from './open-files.ts'

/** A record that may still get its socket's number and addresses. */
export type Draft = { -readonly [Field in keyof TraceCall]: TraceCall[Field] }

/** Which addresses a call must have. */
export type Needed = 'both' | 'local' | 'none'

/** Finds the addresses of sockets in the system's table, by their inodes. */
export type LookUp = (inodes: ReadonlySet<string>) => ReadonlyMap<string, Ends>

interface HeldCall {
  readonly record: Draft
  readonly socket: TcpSocket | undefined
  readonly needed: Needed
  /** Nobody knew more at the last look. */
  isOverdue: boolean
}

/** Stands where even the system does not know an address any more. */
const UNKNOWN = { host: '0.0.0.0', port: 0 }

/**
 * `connect` shows no local address, nor does a socket in another network namespace. The next line
 * that names the descriptor may bring it; if none comes soon, the system's table has it. Until then
 * the call and all that follow it wait.
 */
export class HeldCalls {
  readonly #tell: (record: TraceCall) => void
  #held: HeldCall[] = []

  constructor(tell: (record: TraceCall) => void) {
    this.#tell = tell
  }

  add(record: Draft, socket: TcpSocket | undefined, needed: Needed): void {
    if (this.#held.length === 0 && isKnown(socket, needed)) {
      this.#tell(withAddresses(record, socket, needed))
    } else {
      this.#held.push({ record, socket, needed, isOverdue: false })
    }
  }

  /** A socket's addresses may have become known. */
  release(): void {
    let released = 0
    for (const { record, socket, needed } of this.#held) {
      if (!isKnown(socket, needed)) break
      released++
      this.#tell(withAddresses(record, socket, needed))
    }
    this.#held.splice(0, released)
  }

  /** To be called now and then: looks up what no line has brought since the last time. */
  look(lookUp: LookUp): void {
    const overdue = this.#held.filter(({ isOverdue }) => isOverdue)
    for (const held of this.#held) held.isOverdue = true
    if (overdue.length > 0) this.#lookUp(overdue, lookUp)
  }

  /** No line comes any more. */
  end(lookUp: LookUp): void {
    if (this.#held.length > 0) this.#lookUp(this.#held, lookUp)
  }

  #lookUp(calls: readonly HeldCall[], lookUp: LookUp): void {
    const unknown = calls.filter(({ socket, needed }) => !isKnown(socket, needed))
    const inodes = new Set(unknown.flatMap(({ socket }) => socket?.inode ?? []))
    const found = inodes.size > 0 ? lookUp(inodes) : new Map<string, Ends>()
    for (const { socket, needed } of unknown) {
      if (socket === undefined) continue
      const { local, remote } = found.get(socket.inode ?? '') ?? {}
      socket.local = local ?? UNKNOWN
      if (needed === 'both') socket.remote = remote ?? socket.remote ?? UNKNOWN
    }
    this.release()
  }
}

function isKnown(socket: TcpSocket | undefined, needed: Needed): boolean {
  if (socket === undefined || needed === 'none') return true
  return socket.local !== undefined && (needed === 'local' || socket.remote !== undefined)
}

function withAddresses(record: Draft, socket: TcpSocket | undefined, needed: Needed): TraceCall {
  if (socket !== undefined && needed !== 'none') {
    record.local = socket.local
    record.remote = socket.remote
  }
  return record
}
