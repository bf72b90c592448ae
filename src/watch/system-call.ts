// A system call of the watched program: what strace tells of it, and what can be done with one.
import type { TraceCallName } from '../trace/format.ts'
import { splitArguments } from './arguments.ts'
import type { Descriptors, OpenFile, TcpSocket } from './open-files.ts'
import type { Program } from './program.ts'
import type { Parts } from './strace-line.ts'
import type { TransferCall } from './transfers.ts'

/** A thread of the program, or its only one; strace numbers each as a process. */
export interface Thread {
  readonly id: number
  descriptors: Descriptors
  /** The call that has not returned. */
  pending?: PendingCall | undefined
}

/** A system call, with its arguments as far as strace has printed them. */
export class SystemCall {
  readonly thread: Thread
  readonly name: string
  readonly enteredUs: number
  readonly text: string
  #args: string[] | undefined

  constructor(thread: Thread, name: string, enteredUs: number, text: string) {
    this.thread = thread
    this.name = name
    this.enteredUs = enteredUs
    this.text = text
  }

  /** The arguments; they are split only when somebody wants them. */
  get args(): readonly string[] {
    this.#args ??= splitArguments(this.text)
    return this.#args
  }
}

/** How a system call returned, and when. */
export interface Return extends Omit<Parts, 'args' | 'tookUs'> {
  readonly returnedUs: number
}

/** What is known of a call on a TCP socket while it waits. */
export interface Entry {
  /** Its name in the trace; none where nobody needs to know that it waits. */
  readonly call?: TraceCallName | undefined
  /** The socket that it is on. */
  readonly socket?: TcpSocket | undefined
  /** How it moves bytes. */
  readonly transfer?: TransferCall | undefined
  /** How many bytes `send` was given. */
  readonly asked?: number | undefined
  /** What is closed from its entry on. */
  readonly closed?: OpenFile | undefined
}

export interface PendingCall {
  readonly entry: Entry
  readonly name: string
  readonly enteredUs: number
  /** The time of its line; a call that a signal interrupted has another one for its second part. */
  readonly lineUs: number
  /** The arguments that were known at its entry. */
  readonly text: string
  /** A record says that it waits. */
  isTold: boolean
  /** A signal has interrupted it: when, and with which of the system's own codes. */
  interruption?: { readonly atUs: number; readonly code: string } | undefined
}

/** What is done with the system calls of one kind. */
export interface Handler {
  /** At the entry. Returns undefined where the call is of no concern. */
  enter(program: Program, call: SystemCall): Entry | undefined
  /** At the return, when all arguments are known. */
  leave(program: Program, call: SystemCall, end: Return, entry: Entry): void
}
