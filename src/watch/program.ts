// The watched program as far as it is known: its sockets, and the records of its calls.
import { type Ends, endsOf, inodeOf, isTcp } from './addresses.ts'
import type { DescriptorText } from './arguments.ts'
import { type Epoll, newEpoll, newSocket, type OpenFile, type TcpSocket } from './open-files.ts'
import type { Records } from './records.ts'
import type { Thread } from './system-call.ts'

/** A socket in a message, and what strace says that it is. */
export interface PassedSocket {
  readonly file: string | undefined
  readonly socket: TcpSocket
}

export class Program {
  readonly records: Records
  /** Why the system did not start it. */
  startError: string | undefined
  readonly threads = new Map<number, Thread>()
  /** Sockets that are under way from one process to another, in a message. */
  readonly #passed: PassedSocket[] = []
  readonly #sockets = new Set<TcpSocket>()

  constructor(records: Records) {
    this.records = records
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
    this.forget(file)
    if (file.connecting !== undefined) {
      this.connected(thread, file, returnedUs, 'ERR_ABORTED')
    }
    // Only tried out.
    if (file.number === undefined) file.untold = []
    else this.records.tell(thread, 'close', file, { enteredUs, returnedUs })
  }

  /** It went with a process that was killed, and that made no call for it. */
  forget(file: OpenFile): void {
    if (file.kind === 'tcp') this.#sockets.delete(file)
  }

  /** The addresses of a socket, or one of them, have shown. */
  learn(socket: TcpSocket, { local, remote }: Ends): void {
    socket.local = local ?? socket.local
    socket.remote = remote ?? socket.remote
    this.records.release()
  }

  /** A nonblocking connect is known to have succeeded, or failed. */
  connected(thread: Thread, socket: TcpSocket, knownUs: number, error?: string): void {
    const { connecting } = socket
    if (connecting === undefined) return
    socket.connecting = undefined
    const { atUs, remote } = connecting
    if (error === undefined) socket.remote ??= remote
    this.records.tell(thread, 'connect', socket, {
      enteredUs: atUs,
      returnedUs: knownUs,
      remote,
      error,
    })
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
}
