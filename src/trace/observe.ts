// Turns the published calls into the records of a trace, and hands each to the sinks.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CALL_CHANNEL, CALL_START_CHANNEL, type Call } from '../calls.ts'
import { codeOf } from '../socket/index.ts'
import { ABORTED, type TraceCall, type TraceSink } from './format.ts'

/** A call that has waited this long is reported before it returns. */
const WAITING_MS = 100
/** Would-blocks are reported on their own if no call follows for this long. */
const QUIET_MS = 100

/** Nonblocking calls on one socket that found nothing, one after another. */
interface WouldBlocks {
  last: Call
  times: number
}

/**
 * Writes every call from now on to the sinks: when it returns, and once before that if it waits.
 * Would-blocks in a row on one socket become one record, because a polling loop makes thousands.
 * Returns the way to stop, which also ends the sinks.
 */
export function observe(sinks: readonly TraceSink[]): () => void {
  /** Calls that have not returned and that no record tells of, in the order in which they began. */
  const pending = new Set<Call>()
  const wouldBlocks = new Map<number | undefined, WouldBlocks>()
  let timer: NodeJS.Timeout | undefined

  const write = (record: TraceCall) => {
    for (const sink of sinks) sink.write(record)
  }
  const writeWouldBlocks = (socket: number | undefined) => {
    const held = wouldBlocks.get(socket)
    if (held === undefined) return
    wouldBlocks.delete(socket)
    write({ ...recordOf(held.last), wouldBlock: held.times })
  }
  const look = () => {
    timer = undefined
    const now = performance.now()
    for (const call of pending) {
      if (now - call.startedAt < WAITING_MS) break
      pending.delete(call)
      writeWouldBlocks(call.socket)
      write(waitingRecordOf(call))
    }
    for (const [socket, { last }] of wouldBlocks) {
      if (now - last.startedAt >= QUIET_MS) writeWouldBlocks(socket)
    }
    const [oldest] = pending
    const isNeeded = oldest !== undefined || wouldBlocks.size > 0
    if (isNeeded) lookIn(oldest === undefined ? QUIET_MS : oldest.startedAt + WAITING_MS - now)
  }
  // A program that has nothing else to wait for does not wait for this timer.
  const lookIn = (ms: number) => {
    timer ??= setTimeout(look, Math.ceil(ms)).unref()
  }

  const begins = (message: unknown) => {
    pending.add(message as Call)
    lookIn(WAITING_MS)
  }
  const returns = (message: unknown) => {
    const call = message as Call
    const { socket } = call
    pending.delete(call)
    if (call.wouldBlock) {
      const held = wouldBlocks.get(socket)
      wouldBlocks.set(socket, { last: call, times: (held?.times ?? 0) + 1 })
      lookIn(QUIET_MS)
      return
    }
    writeWouldBlocks(socket)
    write(recordOf(call))
  }
  subscribe(CALL_START_CHANNEL, begins)
  subscribe(CALL_CHANNEL, returns)
  return () => {
    unsubscribe(CALL_START_CHANNEL, begins)
    unsubscribe(CALL_CHANNEL, returns)
    clearTimeout(timer)
    for (const socket of wouldBlocks.keys()) writeWouldBlocks(socket)
    for (const sink of sinks) sink.end()
  }
}

/** Returns the record of a call that has returned; a field that is undefined is not written. */
function recordOf(call: Call): TraceCall {
  const { startedAt, returnedAt = startedAt, socket, local, remote, bytes, offset, error } = call
  return {
    call: call.call,
    at: rounded(returnedAt),
    blocked: rounded(returnedAt - startedAt),
    socket,
    local,
    remote,
    bytes,
    offset,
    head: call.head?.toString('hex') || undefined,
    error: error === undefined ? undefined : codeOf(error, ABORTED),
  }
}

function waitingRecordOf({ call, startedAt, socket, local, remote }: Call): TraceCall {
  return { call, at: rounded(startedAt), waiting: true, socket, local, remote }
}

/** Returns milliseconds to the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
