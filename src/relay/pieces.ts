// A stream in pieces, cut at offsets that do not depend on the sender's writes.
import { pauseUntil } from './pause.ts'
import type { Source } from './source.ts'

/**
 * Returns the same stream in pieces of the sizes that `nextSize` returns. A piece is held until it
 * is full, the stream ends, or nothing has come for `gapMs` milliseconds. What is missing then
 * becomes a piece of its own: a silence adds a cut and moves none.
 */
export function inPieces(recv: Source, nextSize: () => number, gapMs: number): Source {
  let piece = Buffer.allocUnsafe(nextSize())
  let filled = 0
  let chunk: Buffer = Buffer.alloc(0)
  let arriving: Promise<Buffer> | undefined
  return async () => {
    while (filled < piece.length) {
      if (chunk.length === 0) {
        arriving ??= recv()
        const arrived = filled === 0 ? await arriving : await arrivedWithin(arriving, gapMs)
        if (arrived === undefined) break
        arriving = undefined
        if (arrived.length === 0) break
        chunk = arrived
      }
      const copied = chunk.copy(piece, filled)
      chunk = chunk.subarray(copied)
      filled += copied
    }
    const complete = piece.subarray(0, filled)
    piece = filled === piece.length ? Buffer.allocUnsafe(nextSize()) : piece.subarray(filled)
    filled = 0
    return complete
  }
}

/** Returns the same chunks, each at least `ms` milliseconds after the one before. */
export function spaced(next: Source, ms: number): Source {
  let earliest = 0
  return async () => {
    const chunk = await next()
    await pauseUntil(earliest)
    earliest = performance.now() + ms
    return chunk
  }
}

/**
 * Resolves with the bytes, or with undefined if none come in time or the connection is lost: then
 * what is held goes first, and the next wait for `arriving` rejects.
 */
function arrivedWithin(arriving: Promise<Buffer>, ms: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const stop = () => resolve(undefined)
    // In a busy process the timer can go off while input waits: one turn lets the input in first.
    const timer = setTimeout(() => setImmediate(stop), ms).unref()
    arriving.then(resolve, stop).finally(() => clearTimeout(timer))
  })
}
