// A path that takes time: every byte arrives later, in order, and as many a second as before.
import { pauseUntil } from './pause.ts'
import type { Source } from './source.ts'

/** What may be on its way at a time, as much as a TCP window: then the sender has to wait. */
const WINDOW_BYTES = 4 * 2 ** 20
/** The memory that a chunk needs besides its bytes: many small ones must not fill it either. */
const CHUNK_COST_BYTES = 1024

interface Arrival {
  /** Settled when it is in the queue. */
  readonly chunk: Promise<Buffer>
  readonly cost: number
  /** When it has been on its way for long enough, as a time of performance.now(). */
  readonly due: number
}

/**
 * Returns the same stream `ms` milliseconds later; the end of data and a failure are as late. It
 * reads ahead, so the delay costs time and not throughput, until WINDOW_BYTES are on their way.
 */
export function delayed(recv: Source, ms: number): Source {
  const onTheirWay: Arrival[] = []
  let window = WINDOW_BYTES
  let arrived = () => {}
  let delivered = () => {}

  const readAhead = async () => {
    for (let isOver = false; !isOver; ) {
      const chunk = recv()
      const bytes = await chunk.then(({ length }) => length).catch(() => 0)
      isOver = bytes === 0
      const cost = bytes + CHUNK_COST_BYTES
      window -= cost
      onTheirWay.push({ chunk, cost, due: performance.now() + ms })
      arrived()
      while (window < 0) await new Promise<void>((resolve) => (delivered = resolve))
    }
  }
  void readAhead()

  return async () => {
    while (onTheirWay[0] === undefined) await new Promise<void>((resolve) => (arrived = resolve))
    const { chunk, cost, due } = onTheirWay[0]
    await pauseUntil(due)
    // Nothing comes after the end or a failure: they stay, and are found again and again.
    if ((await chunk).length > 0) {
      onTheirWay.shift()
      window += cost
      delivered()
    }
    return chunk
  }
}
