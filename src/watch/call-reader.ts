// From strace's lines to the calls of the program: puts together what strace tears apart.
import { CONNECTION_CALLS } from './connection-calls.ts'
import { DESCRIPTOR_CALLS } from './descriptor-calls.ts'
import { Descriptors } from './open-files.ts'
import { Orphans } from './orphans.ts'
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
  readonly #orphans = new Orphans()
  /** Of a killed process, the thread that was blocked in a call when it died. */
  #blockedAtDeath: Thread | undefined

  constructor(program: Program, listener: StopListener) {
    this.#program = program
    this.#listener = listener
  }

  read(line: Line): void {
    const thread = this.#threadOf(line)
    if (thread !== undefined) this.#readOf(thread, line)
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
      if (nowUs - pending.enteredUs >= WAITING_US)
        this.#program.records.tellWaiting(thread, pending)
    }
  }

  #readOf(thread: Thread, { atUs, event }: Line): void {
    const isProgram = thread.id === this.#program.records.pid
    switch (event.kind) {
      case 'entry':
        this.#enter(thread, event.name, atUs, event.args)
        break
      case 'call':
        this.#enter(thread, event.name, atUs, event.parts.args)
        this.#leave(thread, event.name, event.parts)
        break
      case 'resumed':
        this.#leave(thread, event.name, event.parts, thread.pending?.text)
        break
      case 'exited':
        this.#end(thread, atUs, { code: event.code })
        break
      case 'killed':
        this.#end(thread, atUs, { signal: event.signal })
        break
      case 'stopped':
        if (isProgram) this.#listener.onStopped(event.signal)
        break
      case 'continued':
        if (isProgram) this.#listener.onContinued()
        break
      case 'superseded':
        this.#supersede(thread, event.by)
    }
  }

  /** The thread of a line; undefined where the line has to wait for its parent's fork. */
  #threadOf(line: Line): Thread | undefined {
    const { threads } = this.#program
    const known = threads.get(line.thread)
    if (known !== undefined) return known
    const parent = [...threads.values()].find(({ pending }) => {
      return pending !== undefined && FORKING_CALLS.includes(pending.name)
    })
    if (parent === undefined) {
      threads.set(line.thread, { id: line.thread, descriptors: new Descriptors() })
    } else if (!this.#orphans.keep(line)) {
      this.#program.fork(parent, line.thread, false)
      this.#readOrphans()
      return undefined
    }
    return threads.get(line.thread)
  }

  #readOrphans(): void {
    const isKnown = (process: number) => this.#program.threads.has(process)
    for (const line of this.#orphans.takeKnown(isKnown)) this.read(line)
  }

  #enter(thread: Thread, name: string, atUs: number, text: string): void {
    const handler = HANDLERS.get(name)
    const { pending } = thread
    // A half line was looked at before it was whole.
    if (handler === undefined || (pending?.lineUs === atUs && pending.name === name)) return
    const entry = handler.enter(this.#program, new SystemCall(thread, name, atUs, text))
    if (entry === undefined) return
    const again = pending !== undefined && isTakenUp(pending, name, entry) ? pending : undefined
    if (again === undefined) this.#endInterrupted(thread, atUs)
    const { enteredUs, isTold } = again ?? { enteredUs: atUs, isTold: false }
    thread.pending = { entry, name, text, lineUs: atUs, enteredUs, isTold }
  }

  /** `before`: the arguments that an earlier line has. */
  #leave(thread: Thread, name: string, parts: Parts, before = ''): void {
    const { pending } = thread
    if (pending?.name !== name) return
    const { args, result, resultFile, error, detail, tookUs } = parts
    const returnedUs = pending.lineUs + tookUs
    if (error !== undefined && INTERRUPTED.test(error)) {
      pending.interruption = { atUs: returnedUs, code: error }
      return
    }
    // It never returned: its process has ended.
    if (result === undefined) return
    thread.pending = undefined
    const call = new SystemCall(thread, name, pending.enteredUs, before + args)
    const end = { result, resultFile, error, detail, returnedUs }
    HANDLERS.get(name)?.leave(this.#program, call, end, pending.entry)
    if (FORKING_CALLS.includes(name)) this.#readOrphans()
  }

  /** The program has gone on to another call: this one was not taken up again, or out of sight. */
  #endInterrupted(thread: Thread, nextUs: number): void {
    const { interruption, enteredUs = 0, entry } = thread.pending ?? {}
    const { call, socket } = entry ?? {}
    if (call === undefined || interruption === undefined) return
    const isUnseen = interruption.code === GOES_ON_UNSEEN
    this.#program.records.tell(thread, call, isUnseen ? undefined : socket, {
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
      if (!pending.isTold) this.#program.records.tellWaiting(thread, pending)
      this.#blockedAtDeath = thread
    }
    this.#program.threads.delete(thread.id)
    // The system closes what the program has not; a killed one did nothing after its last call.
    for (const file of thread.descriptors.leave()) {
      if (isKilled) this.#program.forget(file)
      else this.#program.closed(thread, file, atUs, atUs)
    }
    if (thread.id !== this.#program.records.pid) return
    // Threads of one process share its descriptors.
    const blocked = this.#blockedAtDeath
    const isOurs = isKilled && blocked?.descriptors === thread.descriptors
    this.ending = { ...end, blockedIn: isOurs ? blocked?.pending : undefined }
  }
}

/** A call that a signal interrupted, and that the program or the system makes again. */
function isTakenUp({ interruption, ...before }: PendingCall, name: string, entry: Entry): boolean {
  return interruption !== undefined && before.name === name && before.entry.socket === entry.socket
}
