// What stands above and below a diagram: the heads of the lanes, what became of all bytes, a legend.
import { formatAddress } from '../socket/address.ts'
import { bytesOf, number } from '../trace/amounts.ts'
import { type Account, accountsOf } from './arrows.ts'
import type { Connection, Lane } from './ladder.ts'
import { isOpenAtEnd } from './sockets.ts'
import { plain, range } from './words.ts'

/** The head of a lane. */
export function titleOf(lane: Lane): { name: string; address: string } {
  return { name: plain(`${lane.program}, ${lane.detail}`), address: plain(lane.address) }
}

/** What is to be known of the lower end of a lane; empty where the program was done. */
export function endNoteOf({ trace }: Lane): string {
  if (trace?.isCutShort) return 'the trace is cut short here'
  if (trace === undefined || !isOpenAtEnd(trace)) return ''
  return 'the trace ends here: the program was ended, or still runs'
}

/** What became of the bytes of each direction. */
export function accountLines(connections: readonly Connection[]): string[] {
  return connections
    .flatMap(accountsOf)
    .filter(({ sends, receives }) => sends + receives > 0)
    .map(accountLine)
}

function accountLine(account: Account): string {
  const { from, to, sentBytes, sends, receivedBytes, receives } = account
  const ends = [from, to].map((end) => plain(formatAddress(end.address))).join(' → ')
  const sent = `${bytesOf(sentBytes)} in ${plural(sends, 'send')}`
  const received = `${bytesOf(receivedBytes)} in ${plural(receives, 'receive')}`
  if (to.lane.trace === undefined) return `${ends}: ${sent}`
  if (from.lane.trace === undefined) return `${ends}: ${received}`
  if (sentBytes === receivedBytes) return `${ends}: ${sent} and ${plural(receives, 'receive')}`
  const rest = range(Math.min(sentBytes, receivedBytes), Math.max(sentBytes, receivedBytes))
  const what = sentBytes > receivedBytes ? 'not received' : 'from no send in the trace'
  return `${ends}: ${sent}, ${received}; ${rest} ${what}`
}

function plural(count: number, what: string): string {
  return `${number(count)} ${count === 1 ? what : `${what}s`}`
}

/** What the figures are. */
export const LEGEND =
  'Times: seconds since each program began. [a:b]: bytes a to b−1 of a direction.'
