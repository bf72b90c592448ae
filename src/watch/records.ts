// The records of a program's calls: numbered sockets, addresses, and times from its start.
import type { TraceCall, TraceCallName } from '../trace/format.ts'
import { type Draft, HeldCalls, type LookUp, type Needed } from './held-calls.ts'
import type { TcpSocket } from './open-files.ts'
import type { PendingCall, Thread } from './system-call.ts'

const US_PER_MS = 1000

/** When a call was entered, when it returned, and what it came to. */
export interface Told extends Partial<TraceCall> {
  readonly enteredUs: number
  readonly returnedUs: number
}

/** Calls on a socket that nobody may ever use. */
const PREPARING_CALLS = /^(?:socket|setsockopt|setblocking)\b/

export class Records {
  /** The process in which the program was started; 0 until then. */
  pid = 0
  /** When it was started, in microseconds since 1970. */
  startedUs = 0
  readonly #held: HeldCalls
  #numbers = 0

  constructor(tell: (record: TraceCall) => void) {
    this.#held = new HeldCalls(tell)
  }

  /** The program runs: its time begins. */
  begin({ id }: Thread, atUs: number): void {
    if (this.pid !== 0) return
    this.pid = id
    this.startedUs = atUs
  }

  /** Tells a call that has returned. */
  tell(thread: Thread, call: TraceCallName, socket: TcpSocket | undefined, told: Told): void {
    const { enteredUs, returnedUs } = told
    const record: Draft = {
      call,
      at: this.#time(returnedUs),
      blocked: (returnedUs - enteredUs) / US_PER_MS,
      socket: undefined,
      local: told.local ?? socket?.local,
      remote: told.remote ?? socket?.remote,
      bytes: told.bytes,
      offset: told.offset,
      head: told.head,
      asked: told.asked,
      wouldBlock: told.wouldBlock,
      process: this.#processOf(thread),
      error: told.error,
    }
    this.#tell(record, socket)
  }

  /** Tells that a call has not returned yet. */
  tellWaiting(thread: Thread, pending: PendingCall): void {
    const { call, socket, asked } = pending.entry
    if (call === undefined) return
    pending.isTold = true
    const record: Draft = {
      call,
      at: this.#time(pending.enteredUs),
      waiting: true,
      socket: undefined,
      local: socket?.local,
      remote: socket?.remote,
      asked,
      process: this.#processOf(thread),
    }
    this.#tell(record, socket)
  }

  /** To be called now and then, so that no call is held for long. */
  look(lookUp: LookUp): void {
    this.#held.look(lookUp)
  }

  end(lookUp: LookUp): void {
    this.#held.end(lookUp)
  }

  #tell(record: Draft, socket: TcpSocket | undefined): void {
    if (socket === undefined) {
      this.#held.add(record, undefined, 'none')
      return
    }
    if (socket.number === undefined && PREPARING_CALLS.test(record.call)) {
      socket.untold.push(record)
      return
    }
    this.use(socket)
    record.socket = socket.number
    this.#held.add(record, socket, neededBy(record))
  }

  /** The socket is used: it gets its number, and what prepared it is told. */
  use(socket: TcpSocket): void {
    socket.number ??= ++this.#numbers
    for (const record of socket.untold.splice(0)) {
      record.socket = socket.number
      this.#held.add(record, socket, 'none')
    }
  }

  /** A socket's addresses may have become known. */
  release(): void {
    this.#held.release()
  }

  #processOf({ id }: Thread): number | undefined {
    return id === this.pid ? undefined : id
  }

  #time(us: number): number {
    return (us - this.startedUs) / US_PER_MS
  }
}

/** Which addresses a call has in the trace, as soon as anybody can know them. */
function neededBy({ call, waiting, error, wouldBlock }: TraceCall): Needed {
  if (waiting || error !== undefined) return 'none'
  // An accept that finds nobody is a call on the listener, which has no other end.
  const isOnListener = call === 'listen' || (call === 'accept' && wouldBlock !== undefined)
  if (isOnListener) return 'local'
  return call === 'connect' || call === 'accept' || call === 'send' || call === 'recv'
    ? 'both'
    : 'none'
}
