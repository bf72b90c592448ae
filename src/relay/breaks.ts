// A stream that breaks at a byte, where nobody expects it.
import type { Source } from './source.ts'

export interface Breaks {
  /** After so many bytes the connection is reset. */
  readonly resetAfter?: number | undefined
  /** After so many bytes comes the end of data. */
  readonly endAfter?: number | undefined
}

/** Returns the stream up to the byte at which it breaks; the whole stream if it does not. */
export function broken(recv: Source, { resetAfter, endAfter }: Breaks): Source {
  if (resetAfter !== undefined) return firstBytes(recv, resetAfter, () => reset(resetAfter))
  if (endAfter !== undefined) return firstBytes(recv, endAfter, endOfData)
  return recv
}

function firstBytes(recv: Source, count: number, andThen: Source): Source {
  let left = count
  return async () => {
    if (left === 0) return andThen()
    const chunk = (await recv()).subarray(0, left)
    left -= chunk.length
    return chunk
  }
}

async function endOfData(): Promise<Buffer> {
  return Buffer.alloc(0)
}

async function reset(bytes: number): Promise<Buffer> {
  const error = new Error(`the connection is reset after ${bytes} bytes towards the client`)
  throw Object.assign(error, { code: 'ECONNRESET' })
}
