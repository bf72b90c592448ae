// From strace's lines to the calls of the program: puts together what strace tears apart.
import { CONNECTION_CALLS } from './connection-calls.ts'
import { DESCRIPTOR_CALLS } from './descriptor-calls.ts'
import { Descriptors } from './open-files.ts'
import { FORKING_CALLS, PROCESS_CALLS } from './process-calls.ts'
import type { Program } from './program.ts'
import type { Line, Parts } from './strace-line.ts'
import {
  type Entry,
  type Handler,
  type PendingCall,
  SystemCall,
  type Thread,
} from './system-call.ts'
import { BYTE_CALLS } from './transfer-calls.ts'
import { WAITING_CALLS } from './waiting-calls.ts'

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ...CONNECTION_CALLS,
  ...DESCRIPTOR_CALLS,
  ...BYTE_CALLS,
  ...WAITING_CALLS,
  ...PROCESS_CALLS,
])

/** After a signal the system goes on with the call, unless the program has a handler of its own. */
const INTERRUPTED = /^ERESTART/
/** It goes on by a call of another name, which strace is not asked to show. */
const GOES_ON_UNSEEN = 'ERESTART_RESTARTBLOCK'
const WAITING_US = 100_000
/** A process that its parent's vfork has still not told of must be shown some time. */
const MAX_ORPHAN_LINES = 1000

/** Told of the process that was started first. */
interface StopListener {
  onStopped(signal: NodeJS.Signals): void
  onContinued(): void
}

/** How the program ended, and the call that it was blocked in, where a signal killed it. */
export interface Ending {
  readonly code?: number
  readonly signal?: string
  readonly blockedIn?: PendingCall | undefined
}

export class CallReader {
  /** Set when the process that was started first has ended. */
  ending: Ending | undefined
  readonly #program: Program
  readonly #listener: StopListener
  /** Lines of processes that come before their parent's fork has returned. */
  readonly #orphans = new Map<number, Line[]>()
  #blockedAtDeath: PendingCall | undefined

  constructor(program: Program, listener: StopListener) {
    this.#program = program
    this.#listener = listener
  }

  read(line: Line): void {
    const thread = this.#threadOf(line)
    if (thread === undefined) return
    const { atUs, event } = line
    switch (event.kind) {
      case 'entry':
        this.#enter(thread, event.name, atUs, event.args)
        break
      case 'call':
        this.#enter(thread, event.name, atUs, event.parts.args)
        this.#leave(thread, event.name, event.parts.args, event.parts)
        break
      case 'resumed':
        this.#leave(
          thread,
          event.name,
          (thread.pending?.text ?? '') + event.parts.args,
          event.parts,
        )
        break
      case 'stopped':
        if (thread.id === this.#program.pid) this.#listener.onStopped(event.signal)
        break
      case 'continued':
        if (thread.id === this.#program.pid) this.#listener.onContinued()
        break
      case 'superseded':
        this.#supersede(thread, event.by)
        break
      default:
        this.#end(thread, atUs, event)
    }
  }

  /** A line that is only half there: its call has begun, and no other process has written since. */
  readHalf({ thread: id, atUs, event }: Line): void {
    const thread = this.#program.threads.get(id)
    if (thread !== undefined && event.kind === 'entry') {
      this.#enter(thread, event.name, atUs, event.args)
    }
  }

  /** Tells of the calls that have waited for 100 ms. */
  tellWaiting(nowUs: number): void {
    for (const thread of this.#program.threads.values()) {
      const { pending } = thread
      if (pending === undefined || pending.isTold || pending.interruption !== undefined) continue
      if (nowUs - pending.enteredUs >= WAITING_US) this.#program.tellWaiting(thread, pending)
    }
  }

  /** The thread of a line; undefined where the line has to wait for its parent's fork. */
  #threadOf(line: Line): Thread | undefined {
    const { threads } = this.#program
    const known = threads.get(line.thread)
    if (known !== undefined) return known
    const parents = [...threads.values()].filter(({ pending }) =>
      FORKING_CALLS.includes(pending?.name ?? ''),
    )
    const lines = this.#orphans.get(line.thread) ?? []
    const [parent] = parents
    if (parent !== undefined && lines.length < MAX_ORPHAN_LINES) {
      this.#orphans.set(line.thread, [...lines, line])
      return undefined
    }
    if (parent !== undefined) this.#program.fork(parent, line.thread, false)
    else threads.set(line.thread, { id: line.thread, descriptors: new Descriptors() })
    this.#readOrphans()
    return threads.get(line.thread)
  }

  #readOrphans(): void {
    for (const [id, lines] of this.#orphans) {
      if (!this.#program.threads.has(id)) continue
      this.#orphans.delete(id)
      for (const line of lines) this.read(line)
    }
  }

  #enter(thread: Thread, name: string, atUs: number, text: string): void {
    const handler = HANDLERS.get(name)
    const { pending } = thread
    // A half line was looked at before it was whole.
    if (handler === undefined || (pending?.lineUs === atUs && pending.name === name)) return
    const entry = handler.enter(this.#program, new SystemCall(thread, name, atUs, text))
    if (entry === undefined) return
    const isAgain = pending !== undefined && isSameCall(pending, name, entry)
    if (pending?.interruption !== undefined && !isAgain) this.#endInterrupted(thread, pending, atUs)
    const begun = isAgain ? pending : { enteredUs: atUs, isTold: false }
    const { enteredUs, isTold } = begun
    thread.pending = { entry, name, text, lineUs: atUs, enteredUs, isTold }
  }

  #leave(thread: Thread, name: string, text: string, parts: Parts): void {
    const { pending } = thread
    if (pending?.name !== name) return
    const { result, resultFile, error, detail, tookUs } = parts
    const returnedUs = pending.lineUs + tookUs
    if (error !== undefined && INTERRUPTED.test(error)) {
      pending.interruption = { atUs: returnedUs, code: error }
      return
    }
    // It never returned: its process has ended.
    if (result === undefined) return
    thread.pending = undefined
    const call = new SystemCall(thread, name, pending.enteredUs, text)
    const end = { result, resultFile, error, detail, returnedUs }
    HANDLERS.get(name)?.leave(this.#program, call, end, pending.entry)
    if (this.#orphans.size > 0) this.#readOrphans()
  }

  /** The program has gone on to another call: this one was not taken up again, or out of sight. */
  #endInterrupted(thread: Thread, pending: PendingCall, nextUs: number): void {
    const { interruption, enteredUs } = pending
    const { call, socket } = pending.entry
    if (call === undefined || interruption === undefined) return
    const isUnseen = interruption.code === GOES_ON_UNSEEN
    this.#program.tell(thread, call, isUnseen ? undefined : socket, {
      enteredUs,
      returnedUs: isUnseen ? nextUs : interruption.atUs,
      ...(isUnseen ? { wouldBlock: 1 } : { error: 'EINTR' }),
    })
  }

  /** execve ends the other threads, and the one that called it goes on under the first's number. */
  #supersede(thread: Thread, by: number): void {
    const { threads } = this.#program
    const caller = threads.get(by)
    if (caller === undefined) return
    thread.descriptors.leave()
    threads.delete(by)
    threads.set(thread.id, { ...caller, id: thread.id })
  }

  #end(thread: Thread, atUs: number, end: { code?: number; signal?: string }): void {
    const { pending } = thread
    const isKilled = end.signal !== undefined
    if (isKilled && pending?.entry.call !== undefined) {
      if (!pending.isTold) this.#program.tellWaiting(thread, pending)
      this.#blockedAtDeath = pending
    }
    this.#program.threads.delete(thread.id)
    // The system closes what the program has not; a killed one did nothing after its last call.
    for (const file of thread.descriptors.leave()) {
      if (!isKilled) this.#program.closed(thread, file, atUs, atUs)
    }
    if (thread.id !== this.#program.pid) return
    const { code, signal } = end
    this.ending = { code, signal, blockedIn: isKilled ? this.#blockedAtDeath : undefined }
  }
}

/** A call that a signal interrupted, and that the program or the system makes again. */
function isSameCall(pending: PendingCall, name: string, entry: Entry): boolean {
  const isInterrupted = pending.interruption !== undefined
  return isInterrupted && pending.name === name && pending.entry.socket === entry.socket
}
