// Listens to the calls of the socket layer, and passes them on to what writes or counts them.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CALL_CHANNEL, CALL_START_CHANNEL, type Call } from '../calls.ts'

/** What is told of calls. */
export interface Sink {
  /** A call begins. */
  begins?(call: Call): void
  /** A call has returned; `times` tells how often in a row, where it found nothing. */
  returns(call: Call, times: number): void
  /** No call comes any more. */
  end(): void
}

/** A nonblocking call that is not tried again for so long is told of by itself. */
const NOT_AGAIN_MS = 100

/**
 * Tells the sinks of every call from now on; gives the way to stop that. Nonblocking calls that
 * find nothing, one after another, are told together, for a polling loop makes thousands.
 */
export function observe(sinks: readonly Sink[]): () => void {
  const empty = new Map<number | undefined, { call: Call; times: number }>()
  const tell = (call: Call, times: number) => {
    for (const sink of sinks) sink.returns(call, times)
  }
  const tellEmpty = (socket: number | undefined) => {
    const last = empty.get(socket)
    empty.delete(socket)
    if (last !== undefined) tell(last.call, last.times)
  }
  const begins = (message: unknown) => {
    for (const sink of sinks) sink.begins?.(message as Call)
  }
  const returns = (message: unknown) => {
    const call = message as Call
    const { socket } = call
    if (call.wouldBlock) {
      const times = (empty.get(socket)?.times ?? 0) + 1
      empty.set(socket, { call, times })
      const tellAlone = () => empty.get(socket)?.call === call && tellEmpty(socket)
      if (times === 1) setTimeout(tellAlone, NOT_AGAIN_MS).unref()
      return
    }
    tellEmpty(socket)
    tell(call, 1)
  }
  subscribe(CALL_START_CHANNEL, begins)
  subscribe(CALL_CHANNEL, returns)
  return () => {
    unsubscribe(CALL_START_CHANNEL, begins)
    unsubscribe(CALL_CHANNEL, returns)
    for (const socket of [...empty.keys()]) tellEmpty(socket)
    for (const sink of sinks) sink.end()
  }
}
