// What stands above and below a diagram: the heads of the lanes, what became of all bytes, a legend.
import type { Address } from '../calls.ts'
import { formatAddress } from '../socket/index.ts'
import { bytesOf, number } from '../trace/amounts.ts'
import type { Trace } from '../trace/format.ts'
import { plain } from '../trace/words.ts'
import { accountsOf } from './arrows.ts'
import type { Connection, Lane } from './ladder.ts'
import { range } from './words.ts'

/** Returns the head of a lane. */
export function titleOf(lane: Lane): { name: string; address: string } {
  return { name: plain(`${lane.program}, ${lane.detail}`), address: plain(lane.address) }
}

/** Returns what is to be known of the lower end of a trace's lane; '' where the program was done. */
export function endNoteOf(trace: Trace): string {
  const blocked = trace.calls.filter(({ waiting }) => waiting).map(({ call }) => plain(call))
  if (blocked.length > 0) {
    return `the trace ends here: blocked in ${[...new Set(blocked)].join(' and ')}`
  }
  if (trace.isCutShort) return 'the trace is cut short here'
  // Programs that are watched often leave the closing to the operating system.
  if (trace.header.source === 'watch' || !isOpenAtEnd(trace)) return ''
  return 'the trace ends here: the program was ended, or still runs'
}

/** Returns whether the trace stops with a socket or a listener open. */
function isOpenAtEnd({ calls }: Trace): boolean {
  const open = new Set<number>()
  for (const { call, socket, error } of calls) {
    if (socket === undefined) continue
    if (call === 'close') open.delete(socket)
    else if (['listen', 'accept', 'connect'].includes(call) && error === undefined) open.add(socket)
  }
  return open.size > 0
}

/** Returns what became of the bytes of each direction. */
export function accountLines(connections: readonly Connection[]): string[] {
  return connections
    .flatMap(accountsOf)
    .filter(({ sends, receives }) => sends + receives > 0)
    .map(accountLine)
}

function accountLine(account: ReturnType<typeof accountsOf>[number]): string {
  const { from, to, sentBytes, sends, receivedBytes, receives } = account
  const ends = [from, to].map(({ address }) => plain(addressText(address))).join(' → ')
  const sent = `${bytesOf(sentBytes)} in ${plural(sends, 'send')}`
  const received = `${bytesOf(receivedBytes)} in ${plural(receives, 'receive')}`
  if (to.lane.trace === undefined) return `${ends}: ${sent}`
  if (from.lane.trace === undefined) return `${ends}: ${received}`
  if (sentBytes === receivedBytes) return `${ends}: ${sent} and ${plural(receives, 'receive')}`
  const rest = range(Math.min(sentBytes, receivedBytes), Math.max(sentBytes, receivedBytes))
  const what = sentBytes > receivedBytes ? 'not received' : 'from no send in the trace'
  return `${ends}: ${sent}, ${received}; ${rest} ${what}`
}

/** Returns the address as people read it; a trace may not know it. */
export function addressText(address: Address | undefined): string {
  return address === undefined ? 'an unknown address' : formatAddress(address)
}

function plural(count: number, what: string): string {
  return `${number(count)} ${count === 1 ? what : `${what}s`}`
}

/** What the figures are. */
export const LEGEND =
  'Times: seconds since each program began. [a:b]: bytes a to b−1 of a direction.'
