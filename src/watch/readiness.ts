// select, poll and epoll: which sockets a program waits for, and which of them are ready.
import { descriptorsOf, numberOf, splitArguments } from './arguments.ts'
import type { Epoll, TcpSocket } from './open-files.ts'

export const POLL_CALLS: readonly string[] = ['poll', 'ppoll']
export const SELECT_CALLS: readonly string[] = ['select', '_newselect', 'pselect6']
export const EPOLL_CALLS: readonly string[] = ['epoll_wait', 'epoll_pwait', 'epoll_pwait2']

type Find = (descriptor: number, file: string | undefined) => TcpSocket | undefined

/** The sockets that select or poll is given; `find` knows what a descriptor is. */
export function socketsAsked(name: string, args: readonly string[], find: Find): TcpSocket[] {
  const lists = POLL_CALLS.includes(name) ? pollList(args[0]) : args.slice(1, 4).join(' ')
  return found(lists, find)
}

/** Of `([{fd=4, revents=POLLOUT}])`, and of `(in [3], out [4], left {…})`: the sockets ready. */
export function socketsReady(name: string, detail: string, find: Find): TcpSocket[] {
  const lists = POLL_CALLS.includes(name)
    ? pollList(detail)
    : [...detail.matchAll(/(?:in|out|except) \[([^\]]*)\]/g)].map(([, list]) => list).join(' ')
  return found(lists, find)
}

/** `[{fd=4<TCP:[64066]>, events=POLLOUT}]` as `4<TCP:[64066]>`. */
function pollList(list = ''): string {
  return [...list.matchAll(/fd=(\d+(?:<[^<]*?\]>)?)/g)]
    .map(([, descriptor]) => descriptor)
    .join(' ')
}

function found(lists: string, find: Find): TcpSocket[] {
  const sockets = descriptorsOf(lists).map(({ number, file }) => find(number, file))
  return [...new Set(sockets)].filter((socket) => socket !== undefined)
}

const DATA = /data=\{u32=\d+, u64=(\d+)\}/
const ALL_DATA = /data=\{u32=\d+, u64=(\d+)\}/g

/** `epoll_ctl`: what the program calls its socket by in `data`, which may be any number. */
export function watchSocket(
  epoll: Epoll,
  args: readonly string[],
  socket: TcpSocket | undefined,
): void {
  const [, operation, descriptorText, event] = args
  const descriptor = numberOf(descriptorText) ?? -1
  const before = epoll.watched.get(descriptor)
  if (before !== undefined) epoll.byData.delete(before.data)
  epoll.watched.delete(descriptor)
  const data = DATA.exec(event ?? '')?.[1]
  if (operation === 'EPOLL_CTL_DEL' || socket === undefined || data === undefined) return
  epoll.watched.set(descriptor, { data, socket })
  epoll.byData.set(data, socket)
}

/** The sockets that an epoll instance watches. */
export function socketsWatched(epoll: Epoll): TcpSocket[] {
  return [...new Set([...epoll.watched.values()].map(({ socket }) => socket))].filter(
    ({ copies }) => copies > 0,
  )
}

/** Of `epoll_wait(7, [{events=EPOLLIN, data={u32=5, u64=5}}], 5, 100)`: the sockets ready. */
export function socketsReported(epoll: Epoll, args: string): TcpSocket[] {
  const [, events = ''] = splitArguments(args)
  const sockets = [...events.matchAll(ALL_DATA)].map(([, data]) => epoll.byData.get(data ?? ''))
  return [...new Set(sockets)].filter((socket) => socket !== undefined)
}
