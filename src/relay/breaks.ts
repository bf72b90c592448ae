// A stream that breaks at a byte, where nobody expects it.
import type { Source } from './source.ts'

export interface Breaks {
  /** After so many bytes the connection is reset. */
  readonly resetAfter?: number | undefined
  /** After so many bytes comes the end of data. */
  readonly endAfter?: number | undefined
}

/** Returns the stream up to the byte at which it breaks; the whole stream if it does not break. */
export function broken(recv: Source, { resetAfter, endAfter }: Breaks): Source {
  if (resetAfter !== undefined) return firstBytes(recv, resetAfter, () => reset(resetAfter))
  if (endAfter !== undefined) return firstBytes(recv, endAfter, () => end(recv))
  return recv
}

function firstBytes(recv: Source, count: number, breakNow: () => Promise<Buffer>): Source {
  let left = count
  let broken: Promise<Buffer> | undefined
  return async () => {
    if (left === 0) {
      broken ??= breakNow()
      return broken
    }
    const chunk = (await recv()).subarray(0, left)
    left -= chunk.length
    return chunk
  }
}

async function reset(bytes: number): Promise<Buffer> {
  const error = new Error(`the connection is reset after ${bytes} bytes towards the client`)
  throw Object.assign(error, { code: 'ECONNRESET' })
}

/** The rest is read and dropped, so that its sender is not stuck for ever. */
async function end(recv: Source): Promise<Buffer> {
  void dropAll(recv)
  return Buffer.alloc(0)
}

async function dropAll(recv: Source): Promise<void> {
  try {
    while ((await recv()).length > 0);
  } catch {
    // The sender is lost, or the connection is closed.
  }
}
