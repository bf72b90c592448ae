// The calls by which a socket comes to be, gets its addresses, and is listened on, connected, ended.
import { constants } from 'node:os'
import type { Address } from '../calls.ts'
import type { TraceCallName } from '../trace/format.ts'
import { socketAddressOf } from './addresses.ts'
import { descriptorOf } from './arguments.ts'
import type { Program } from './program.ts'
import type { Entry, Handler, Return, SystemCall } from './system-call.ts'

const STREAM = /^SOCK_STREAM\b/
const TCP_FAMILIES: readonly string[] = ['AF_INET', 'AF_INET6']
/** MPTCP, which some languages ask for, is TCP where the other end does not know it. */
const TCP_PROTOCOLS: readonly string[] = ['IPPROTO_IP', 'IPPROTO_TCP', 'IPPROTO_MPTCP']

/** The entry of a call whose first argument is a TCP socket; undefined where it is not. */
export function onSocket(
  program: Program,
  { thread, text }: SystemCall,
  call?: TraceCallName,
): Entry | undefined {
  const socket = program.socketAt(thread, descriptorOf(text))
  return socket && { call, socket }
}

const socket: Handler = {
  enter(_, { args: [family = '', type = '', protocol = ''] }) {
    const isTcp =
      TCP_FAMILIES.includes(family) && STREAM.test(type) && TCP_PROTOCOLS.includes(protocol)
    return isTcp ? {} : undefined
  },
  leave(program, { thread, args, enteredUs }, { result = -1, resultFile, returnedUs }) {
    if (result < 0) return
    const [, type = ''] = args
    const made = program.newSocket(type.includes('SOCK_NONBLOCK'))
    program.open(thread, result, made, type.includes('SOCK_CLOEXEC'), enteredUs)
    program.socketAt(thread, { number: result, file: resultFile })
    program.records.tell(thread, 'socket', made, { enteredUs, returnedUs })
  },
}

const bind: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { thread, args, enteredUs }, { error, returnedUs }, { socket }) {
    if (socket === undefined) return
    const local = socketAddressOf(args[1])
    // The system chooses the port where it is 0.
    if (error === undefined && local?.port !== 0) socket.local = local
    program.records.tell(thread, 'bind', socket, { enteredUs, returnedUs, local, error })
  },
}

const listen: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { thread, enteredUs }, { error, returnedUs }, { socket }) {
    if (socket !== undefined)
      program.records.tell(thread, 'listen', socket, { enteredUs, returnedUs, error })
  },
}

const connect: Handler = {
  enter: (program, call) => onSocket(program, call, 'connect'),
  leave(program, { thread, args, enteredUs }, { error, returnedUs }, { socket }) {
    if (socket === undefined) return
    const remote = socketAddressOf(args[1])
    if (socket.connecting !== undefined) {
      if (error === 'EALREADY' || error === 'EINPROGRESS') return
      // Asking again is one way to find out.
      program.connected(thread, socket, returnedUs, error === 'EISCONN' ? undefined : error)
    } else if (error === 'EINPROGRESS') {
      socket.connecting = { atUs: enteredUs, remote }
      program.records.use(socket)
    } else {
      if (error === undefined) socket.remote = remote
      program.records.tell(thread, 'connect', socket, { enteredUs, returnedUs, remote, error })
    }
  },
}

const accept: Handler = {
  enter: (program, call) => onSocket(program, call, 'accept'),
  leave(program, { thread, args, enteredUs }, end, { socket: listener }) {
    const { result = -1, resultFile, error, returnedUs } = end
    if (listener === undefined) return
    if (result < 0) {
      program.records.tell(thread, 'accept', listener, {
        enteredUs,
        returnedUs,
        ...emptyHanded(error),
      })
      return
    }
    const [, peer, , flags = ''] = args
    const accepted = program.newSocket(flags.includes('SOCK_NONBLOCK'))
    accepted.remote = socketAddressOf(peer)
    if (!isAnyAddress(listener.local)) accepted.local = listener.local
    program.open(thread, result, accepted, flags.includes('SOCK_CLOEXEC'), enteredUs)
    program.socketAt(thread, { number: result, file: resultFile })
    program.records.tell(thread, 'accept', accepted, { enteredUs, returnedUs })
  },
}

const shutdown: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { thread, args, enteredUs }, { error, returnedUs }, { socket }) {
    if (socket === undefined) return
    // Only what ends the sending reaches the other end.
    const name = args[1] === 'SHUT_RD' ? 'shutdown(SHUT_RD)' : 'shutdown'
    program.records.tell(thread, name, socket, { enteredUs, returnedUs, error })
  },
}

/** By SO_ERROR a program learns how its nonblocking connect went. */
const getsockopt: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { thread, args }, { result, returnedUs }, { socket }) {
    if (result !== 0 || args[2] !== 'SO_ERROR' || socket === undefined) return
    const [, outcome = '0'] = /^\[(\w+)\]/.exec(args[3] ?? '') ?? []
    program.connected(thread, socket, returnedUs, outcome === '0' ? undefined : codeOf(outcome))
  },
}

const getsockname: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { args }, { result }, { socket }) {
    const local = result === 0 ? socketAddressOf(args[1]) : undefined
    if (socket !== undefined && local !== undefined) program.learn(socket, { local })
  },
}

const getpeername: Handler = {
  enter: (program, call) => onSocket(program, call),
  leave(program, { thread, args }, { result, returnedUs }, { socket }) {
    const remote = result === 0 ? socketAddressOf(args[1]) : undefined
    if (socket === undefined || remote === undefined) return
    program.connected(thread, socket, returnedUs)
    program.learn(socket, { remote })
  },
}

/** Listened on, it stands for every address of the machine. */
function isAnyAddress(local: Address | undefined): boolean {
  return local?.host === '0.0.0.0' || local?.host === '::'
}

const SYMBOLS: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([code, number]) => [number, code]),
)

/** `[ECONNREFUSED]`, or `[111]` where strace does not know it for an error. */
function codeOf(outcome: string): string {
  return SYMBOLS.get(Number(outcome)) ?? outcome
}

/** What a call came to that brought nothing: it would have blocked, or it failed. */
export function emptyHanded(error: Return['error']): { wouldBlock?: number; error?: string } {
  if (error === 'EAGAIN' || error === 'EWOULDBLOCK') return { wouldBlock: 1 }
  return error === undefined ? {} : { error }
}

export const CONNECTION_CALLS: readonly [name: string, Handler][] = [
  ['socket', socket],
  ['bind', bind],
  ['listen', listen],
  ['connect', connect],
  ['accept', accept],
  ['accept4', accept],
  ['shutdown', shutdown],
  ['getsockopt', getsockopt],
  ['getsockname', getsockname],
  ['getpeername', getpeername],
]
