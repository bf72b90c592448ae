// A path that takes time: every byte arrives later, in order, and at the rate of the sender.
import { pauseUntil } from './pause.ts'
import type { Source } from './source.ts'

/** How much may be on its way at once, like a TCP window: the sender of more has to wait. */
const WINDOW_BYTES = 4 * 2 ** 20
/** The memory that a chunk needs besides its bytes: many small ones are limited, too. */
const CHUNK_COST_BYTES = 1024

interface Arrival {
  /** What recv returned, settled by now. */
  readonly chunk: Promise<Buffer>
  readonly cost: number
  /** When it arrives at the other end, as a time of performance.now(). */
  readonly due: number
}

/**
 * Returns the same stream `ms` milliseconds later, its end or its failure too. It reads ahead while
 * bytes are on their way, so the rate stays what it is up to WINDOW_BYTES in each `ms`.
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
