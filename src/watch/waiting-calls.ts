// select, poll and epoll: a wait for several sockets, which is a call of its own.

import { descriptorOf, numberOf } from './arguments.ts'
import { emptyHanded } from './connection-calls.ts'
import type { Epoll, TcpSocket } from './open-files.ts'
import type { Program } from './program.ts'
import {
  EPOLL_CALLS,
  POLL_CALLS,
  SELECT_CALLS,
  socketsAsked,
  socketsReady,
  socketsReported,
  socketsWatched,
  watchSocket,
} from './readiness.ts'
import type { Entry, Handler, Return, SystemCall, Thread } from './system-call.ts'

/** A program that waits for no TCP socket makes no call of ours. */
function entryOf(sockets: readonly TcpSocket[]): Entry | undefined {
  if (sockets.length === 0) return undefined
  return { call: 'select', socket: sockets.length === 1 ? sockets[0] : undefined }
}

/** Each socket that was ready has a record; the first has the time that the call took. */
function tellReady(
  program: Program,
  { thread, enteredUs }: SystemCall,
  { result = -1, error, returnedUs }: Return,
  ready: readonly TcpSocket[],
): void {
  const [first, ...others] = ready
  const outcome = result < 0 ? emptyHanded(error) : first === undefined ? { wouldBlock: 1 } : {}
  program.records.tell(thread, 'select', first, { enteredUs, returnedUs, ...outcome })
  for (const socket of others) {
    program.records.tell(thread, 'select', socket, { enteredUs: returnedUs, returnedUs })
  }
}

function find(program: Program, thread: Thread) {
  return (number: number, file: string | undefined) => program.socketAt(thread, { number, file })
}

const select: Handler = {
  enter: (program, { name, thread, args }) =>
    entryOf(socketsAsked(name, args, find(program, thread))),
  leave(program, call, end) {
    const { name, thread } = call
    const ready = (end.result ?? 0) > 0 ? socketsReady(name, end.detail, find(program, thread)) : []
    tellReady(program, call, end, ready)
  },
}

/** An epoll instance is known once it watches a TCP socket. */
function epollOf({ thread, text }: SystemCall): Epoll | undefined {
  const file = thread.descriptors.get(numberOf(text) ?? -1)
  return file?.kind === 'epoll' ? file : undefined
}

const epollWait: Handler = {
  enter(_, call) {
    const epoll = epollOf(call)
    return epoll && entryOf(socketsWatched(epoll))
  },
  leave(program, call, end) {
    const epoll = epollOf(call)
    const isReady = epoll !== undefined && (end.result ?? 0) > 0
    tellReady(program, call, end, isReady ? socketsReported(epoll, call.text) : [])
  },
}

const epollControl: Handler = {
  enter: () => ({}),
  leave(program, call, { result }) {
    if (result !== 0) return
    const { thread, args } = call
    const socket = program.socketAt(thread, descriptorOf(args[2]))
    const known = epollOf(call)
    if (known === undefined && socket === undefined) return
    watchSocket(known ?? program.newEpoll(thread, numberOf(args[0]) ?? -1), args, socket)
  },
}

export const WAITING_CALLS: readonly [name: string, Handler][] = [
  ...[...POLL_CALLS, ...SELECT_CALLS].map((name): [string, Handler] => [name, select]),
  ...EPOLL_CALLS.map((name): [string, Handler] => [name, epollWait]),
  ['epoll_ctl', epollControl],
]
