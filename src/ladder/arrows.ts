// The byte accounting: which bytes of which send fed which receive, and what opened and ended it all.
import { isReceiving, isSending } from '../trace/format.ts'
import { isEndOfData } from '../trace/words.ts'
import { type Arrow, type Call, type Connection, type End, sumOfBytes } from './ladder.ts'

/** Returns all that went over a connection, in both directions. */
export function arrowsOf(connection: Connection): Arrow[] {
  const [opener, acceptor] = connection.ends
  return [
    ...opening(opener, acceptor),
    ...bytesBetween(opener, acceptor),
    ...bytesBetween(acceptor, opener),
    ...ending(opener, acceptor),
    ...ending(acceptor, opener),
  ]
}

function arrow(
  kind: Arrow['kind'],
  [from, to]: [End, End],
  { cause, effect }: { cause?: Call | undefined; effect?: Call | undefined },
  [begin, end] = [0, 0],
): Arrow {
  return { kind, from: from.lane, to: to.lane, cause, effect, begin, end }
}

function opening(opener: End, acceptor: End): Arrow[] {
  const cause = opener.calls.find(({ record: { call, error } }) => {
    return call === 'connect' && error === undefined
  })
  const effect = acceptor.calls.find(({ record }) => record.call === 'accept')
  if (cause === undefined && effect === undefined) return []
  return [arrow('open', [opener, acceptor], { cause, effect })]
}

/**
 * Returns the arrows of one direction. The stream keeps no borders between sends: both ends' calls are ranges
 * of the same bytes, counted from 0, and each pair of ranges that overlaps is an arrow. Bytes that
 * came and that no send of the trace holds (it was cut short, or there is none) come from the lane.
 */
function bytesBetween(from: End, to: End): Arrow[] {
  const sends = from.calls.filter(isSendOfBytes)
  const receives = to.calls.filter(isReceiptOfBytes)
  const ends: [End, End] = [from, to]
  if (to.lane.trace === undefined) {
    return sends.map((cause) => arrow('data', ends, { cause }, rangeOf(cause)))
  }
  const arrows: Arrow[] = []
  let next = 0
  for (const effect of receives) {
    let [begin, end] = rangeOf(effect)
    while (begin < end) {
      const cause = sends[next]
      const sentTo = cause === undefined ? end : rangeOf(cause)[1]
      if (sentTo <= begin) {
        next++
        continue
      }
      const until = Math.min(end, sentTo)
      arrows.push(arrow('data', ends, { cause, effect }, [begin, until]))
      begin = until
    }
  }
  return arrows
}

/** Returns where a call's bytes stand in the stream, from the first to behind the last. */
export function rangeOf({ record: { bytes = 0, offset = 0 } }: Call): [begin: number, end: number] {
  return [offset, offset + bytes]
}

function isSendOfBytes({ record }: Call): boolean {
  return isSending(record.call) && (record.bytes ?? 0) > 0
}

export function isReceiptOfBytes({ record }: Call): boolean {
  return isReceiving(record.call) && (record.bytes ?? 0) > 0
}

/** The end of data: sent by the first shutdown or close, found by the first receive of 0 bytes. */
function ending(from: End, to: End): Arrow[] {
  const cause = from.calls.find(({ record }) => ['shutdown', 'close'].includes(record.call))
  const effect = to.calls.find(({ record }) => isEndOfData(record))
  const isTold = effect !== undefined || to.lane.trace === undefined
  if (!isTold || (cause === undefined && effect === undefined)) return []
  return [arrow('end', [from, to], { cause, effect })]
}

/** Returns what became of the bytes of a connection, for each of its directions. */
export function accountsOf({ ends: [one, other] }: Connection) {
  return [accountOf(one, other), accountOf(other, one)]
}

function accountOf(from: End, to: End) {
  const sends = from.calls.filter(isSendOfBytes)
  const receives = to.calls.filter(isReceiptOfBytes)
  return {
    from,
    to,
    sentBytes: sumOfBytes(sends),
    sends: sends.length,
    receivedBytes: sumOfBytes(receives),
    receives: receives.length,
  }
}
