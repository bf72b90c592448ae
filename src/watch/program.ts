// The watched program as far as it is known: its sockets, and the records of its calls.
import type { TraceCall, TraceCallName } from '../trace/format.ts'
import { type Ends, endsOf, inodeOf, isTcp } from './addresses.ts'
import type { DescriptorText } from './arguments.ts'
import { type Draft, HeldCalls, type LookUp, type Needed } from './held-calls.ts'
import { type Epoll, newEpoll, newSocket, type OpenFile, type TcpSocket } from './open-files.ts'
import type { PendingCall, Thread } from './system-call.ts'

const US_PER_MS = 1000

/** Told of a record; one whose wait was told before must stand by itself. */
export type Tell = (record: TraceCall) => void

/** When a call was entered, when it returned, and what it came to. */
export interface Told extends Partial<TraceCall> {
  readonly enteredUs: number
  readonly returnedUs: number
}

/** A socket in a message, and what strace says that it is. */
export interface PassedSocket {
  readonly file: string | undefined
  readonly socket: TcpSocket
}

/** Calls on a socket that nobody may ever use. */
const PREPARING_CALLS = /^(?:socket|setsockopt|setblocking)\b/

export class Program {
  /** The process in which it was started; 0 until then. */
  pid = 0
  startedUs = 0
  /** Why the system did not start it. */
  startError: string | undefined
  readonly threads = new Map<number, Thread>()
  /** Sockets that are under way from one process to another, in a message. */
  readonly #passed: PassedSocket[] = []
  readonly #held: HeldCalls
  readonly #sockets = new Set<TcpSocket>()
  #numbers = 0

  constructor(tell: Tell) {
    this.#held = new HeldCalls(tell)
  }

  /** The socket that a descriptor stands for; undefined where it is none of TCP. */
  socketAt(thread: Thread, descriptor: DescriptorText | undefined): TcpSocket | undefined {
    if (descriptor === undefined) return undefined
    const { number, file } = descriptor
    const known = thread.descriptors.get(number)
    if (known === undefined) return isTcp(file) ? this.#adopt(thread, number, file) : undefined
    if (known.kind !== 'tcp') return undefined
    if (file !== undefined && file !== known.file) this.#identify(known, file)
    return known
  }

  /** An epoll instance; strace does not show how it came to be. */
  newEpoll(thread: Thread, number: number): Epoll {
    const epoll = newEpoll()
    this.open(thread, number, epoll, true)
    return epoll
  }

  /** The program runs: its time begins. */
  begin({ id }: Thread, atUs: number): void {
    if (this.pid !== 0) return
    this.pid = id
    this.startedUs = atUs
  }

  /** A new thread, or a new process, as far as it is not known yet. */
  fork({ descriptors }: Thread, id: number, sharesDescriptors: boolean): void {
    if (this.threads.has(id)) return
    const own = sharesDescriptors ? descriptors.share() : descriptors.copy()
    this.threads.set(id, { id, descriptors: own })
  }

  /** A new socket of the program. */
  newSocket(isNonblocking: boolean): TcpSocket {
    const socket = newSocket(isNonblocking)
    this.#sockets.add(socket)
    return socket
  }

  /** Lets a descriptor stand for a file. What it stood for unnoticed till then is closed. */
  open(thread: Thread, number: number, file: OpenFile, closesOnExec: boolean, atUs = 0): void {
    const replaced = thread.descriptors.set(number, file, closesOnExec)
    if (replaced !== undefined) this.closed(thread, replaced, atUs, atUs)
  }

  /** Closes a descriptor; its file, too, if this was the last one for it. */
  close(thread: Thread, number: number, enteredUs: number, returnedUs: number): void {
    const closed = thread.descriptors.close(number)
    if (closed !== undefined) this.closed(thread, closed, enteredUs, returnedUs)
  }

  /** A message carries a socket to another process: that, too, keeps it open. */
  pass(passed: PassedSocket): void {
    passed.socket.copies++
    this.#passed.push(passed)
  }

  /** Takes a socket out of the message that carries it; undefined where none is known to. */
  take(file: string | undefined): TcpSocket | undefined {
    const index = this.#passed.findIndex((passed) => passed.file === file)
    const [passed] = index < 0 ? [] : this.#passed.splice(index, 1)
    if (passed !== undefined) passed.socket.copies--
    return passed?.socket
  }

  /** The last descriptor for a file is gone. */
  closed(thread: Thread, file: OpenFile, enteredUs: number, returnedUs: number): void {
    if (file.kind !== 'tcp') return
    this.#sockets.delete(file)
    if (file.connecting !== undefined) {
      this.connected(thread, file, returnedUs, 'ERR_ABORTED')
    }
    // Only tried out.
    if (file.number === undefined) file.untold = []
    else this.tell(thread, 'close', file, { enteredUs, returnedUs })
  }

  /** The addresses of a socket, or one of them, have shown. */
  learn(socket: TcpSocket, { local, remote }: Ends): void {
    socket.local = local ?? socket.local
    socket.remote = remote ?? socket.remote
    this.#held.release()
  }

  /** The socket is used: it gets its number, and what prepared it is told. */
  use(socket: TcpSocket): void {
    socket.number ??= ++this.#numbers
    for (const record of socket.untold.splice(0)) {
      record.socket = socket.number
      this.#held.add(record, socket, 'none')
    }
  }

  /** A nonblocking connect is known to have succeeded, or failed. */
  connected(thread: Thread, socket: TcpSocket, knownUs: number, error?: string): void {
    const { connecting } = socket
    if (connecting === undefined) return
    socket.connecting = undefined
    const { atUs, remote } = connecting
    if (error === undefined) socket.remote ??= remote
    this.tell(thread, 'connect', socket, { enteredUs: atUs, returnedUs: knownUs, remote, error })
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

  /** A descriptor that came to the program in no way that strace shows: it was there at the start. */
  #adopt(thread: Thread, number: number, file: string | undefined): TcpSocket {
    const known = [...this.#sockets].find((socket) => socket.file === file)
    const socket = known ?? this.newSocket(false)
    this.open(thread, number, socket, false)
    if (file !== undefined) this.#identify(socket, file)
    return socket
  }

  #identify(socket: TcpSocket, file: string): void {
    socket.file = file
    socket.inode ??= inodeOf(file)
    this.learn(socket, endsOf(file))
  }

  #processOf({ id }: Thread): number | undefined {
    return id === this.pid ? undefined : id
  }

  #time(us: number): number {
    return (us - this.startedUs) / US_PER_MS
  }
}

/** Which addresses a call has in the trace, as soon as anybody can know them. */
function neededBy({ call, waiting, error }: TraceCall): Needed {
  if (waiting || error !== undefined) return 'none'
  if (call === 'listen') return 'local'
  return call === 'connect' || call === 'accept' || call === 'send' || call === 'recv'
    ? 'both'
    : 'none'
}
