// What a process has open, as far as it concerns TCP: sockets, the epoll instances that watch them,
// and the descriptors that stand for both.
import type { Address } from '../calls.ts'
import type { Draft } from './held-calls.ts'

/** A TCP socket of the watched program. A copy by dup or fork is the same socket. */
export interface TcpSocket {
  readonly kind: 'tcp'
  /** How many descriptors stand for it, in all processes; without one it is closed. */
  copies: number
  /** Its number in the trace; undefined until a call on it is told. */
  number?: number
  /** What strace last said that it is. */
  file?: string | undefined
  inode?: string | undefined
  local?: Address | undefined
  remote?: Address | undefined
  isNonblocking: boolean
  /** A nonblocking connect that is under way: when it began, and where to. */
  connecting?: { readonly atUs: number; readonly remote: Address | undefined } | undefined
  /** How many bytes it has sent and received: where the next ones begin in their stream. */
  sent: number
  received: number
  /** Calls that are told only if the socket comes to be used: a JVM makes eight to try them out. */
  untold: Draft[]
}

/** An epoll instance: which socket a program's own `data` stands for. */
export interface Epoll {
  readonly kind: 'epoll'
  copies: number
  /** By the descriptor under which each was added. */
  readonly watched: Map<number, { readonly data: string; readonly socket: TcpSocket }>
  readonly byData: Map<string, TcpSocket>
}

export type OpenFile = TcpSocket | Epoll

export function newSocket(isNonblocking = false): TcpSocket {
  return { kind: 'tcp', copies: 0, isNonblocking, sent: 0, received: 0, untold: [] }
}

export function newEpoll(): Epoll {
  return { kind: 'epoll', copies: 0, watched: new Map(), byData: new Map() }
}

interface Descriptor {
  readonly file: OpenFile
  closesOnExec: boolean
}

/** The descriptors of a process; its threads share them. What is not TCP or epoll is left out. */
export class Descriptors {
  #open = new Map<number, Descriptor>()
  /** How many threads share them. */
  #threads = 1

  get(number: number): OpenFile | undefined {
    return this.#open.get(number)?.file
  }

  has(number: number): boolean {
    return this.#open.has(number)
  }

  /** Lets a descriptor stand for a file. Returns the file that it stood for, should that be closed now. */
  set(number: number, file: OpenFile, closesOnExec: boolean): OpenFile | undefined {
    file.copies++
    const replaced = this.close(number)
    this.#open.set(number, { file, closesOnExec })
    return replaced
  }

  /** Closes a descriptor. Returns its file if this was the last descriptor for it. */
  close(number: number): OpenFile | undefined {
    const file = this.get(number)
    this.#open.delete(number)
    return file !== undefined && --file.copies === 0 ? file : undefined
  }

  closeOnExec(number: number, closesOnExec: boolean): void {
    const descriptor = this.#open.get(number)
    if (descriptor !== undefined) descriptor.closesOnExec = closesOnExec
  }

  /** The open ones from `first` to `last`. */
  within(first: number, last: number): number[] {
    return [...this.#open.keys()].filter((number) => number >= first && number <= last)
  }

  /** Those of a new thread: the same. */
  share(): this {
    this.#threads++
    return this
  }

  /** Those of a new process: copies. */
  copy(): Descriptors {
    const copy = new Descriptors()
    for (const [number, { file, closesOnExec }] of this.#open) copy.set(number, file, closesOnExec)
    return copy
  }

  /** Those of a thread that shares them no longer, as after execve. */
  unshare(): Descriptors {
    if (this.#threads === 1) return this
    this.#threads--
    return this.copy()
  }

  /** Those of a thread that ends. Returns the files that are closed by it. */
  leave(): OpenFile[] {
    if (--this.#threads > 0) return []
    return this.#closeAll(() => true)
  }

  /** execve closes the descriptors that are marked for it. Returns the files closed by that. */
  exec(): OpenFile[] {
    return this.#closeAll(({ closesOnExec }) => closesOnExec)
  }

  #closeAll(isMeant: (descriptor: Descriptor) => boolean): OpenFile[] {
    const closed: OpenFile[] = []
    for (const [number, descriptor] of [...this.#open]) {
      const file = isMeant(descriptor) ? this.close(number) : undefined
      if (file !== undefined) closed.push(file)
    }
    return closed
  }
}
