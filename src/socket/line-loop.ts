// A loop over the lines of a socket: its one reader, from the first line until it is left.
import { isTraced } from '../calls.ts'
import { isOverLimit, type LineOptions, LineSplitter, untaken } from './line-splitter.ts'
import { decode, type Encoding, type Line } from './lines.ts'
import type { Receiver } from './receiver.ts'

/** Where the lines come from. */
export interface LineSource<E extends Encoding> {
  readonly receiver: Receiver
  readonly options: LineOptions<E>
  /** Reads the next lines where calls are published; none at the end of data. */
  readonly readTraced: () => Promise<Buffer[]>
}

/** What a loop has at hand, and how much of it it has used. */
interface Progress<E extends Encoding> {
  lines: Line<E>[]
  used: number
}

type Batches<E extends Encoding> = AsyncGenerator<Line<E>[], undefined, undefined>

const DONE = Object.freeze({ done: true, value: undefined })

/** Returns a loop over all the lines that are at hand in each turn. */
export function loopOverBatches<E extends Encoding>(source: LineSource<E>): Batches<E> {
  return cutAhead(source, { lines: [], used: 0 }, Infinity)
}

/** Returns a loop over lines, written by hand: an async generator takes more turns for each one. */
export function loopOverLines<E extends Encoding>(
  source: LineSource<E>,
): AsyncIterableIterator<Line<E>, undefined, undefined> {
  const progress: Progress<E> = { lines: [], used: 0 }
  const batches = cutAhead(source, progress, 1)
  let waiting: Promise<IteratorResult<Line<E>, undefined>> | undefined
  const nextBatch = async (): Promise<IteratorResult<Line<E>, undefined>> => {
    try {
      const { value: [line] = [] } = await batches.next()
      return line === undefined ? DONE : { done: false, value: line }
    } finally {
      waiting = undefined
    }
  }
  return {
    next() {
      if (waiting !== undefined) {
        // A caller that asks for several lines together gets them one after another.
        const again = () => this.next()
        return waiting.then(again, again)
      }
      const line = progress.lines[progress.used]
      if (line === undefined || source.receiver.isClosed) {
        waiting = nextBatch()
        return waiting
      }
      progress.used++
      return Promise.resolve({ done: false, value: line })
    },
    async return() {
      await batches.return(undefined)
      return DONE
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * Cuts the lines that are at hand ahead of a loop, which uses `first` of them at once. When it is
 * left, the bytes of those that it did not use are next for any reader.
 */
async function* cutAhead<E extends Encoding>(
  { receiver, options, readTraced }: LineSource<E>,
  progress: Progress<E>,
  first: number,
): Batches<E> {
  const { encoding = 'utf8' as E } = options
  const splitter = new LineSplitter(options)
  receiver.hold()
  try {
    for (;;) {
      const isWatched = isTraced()
      // The splitter keeps the line that has begun, unless that is too long or another reads on.
      if (isWatched || splitter[isOverLimit]) receiver.putBack(splitter[untaken](progress.used))
      progress.lines = isWatched
        ? (await readTraced()).map((line) => decode(line, encoding))
        : await cutLines(receiver, splitter)
      if (progress.lines.length === 0) return undefined
      progress.used = first
      yield progress.lines
    }
  } finally {
    receiver.putBack(splitter[untaken](progress.used))
    receiver.release()
    progress.lines = []
  }
}

/**
 * Resolves with all whole lines at hand, at least one, and the last one at the end of data; with
 * none when all is read. What the splitter has `untaken` belongs back to the receiver.
 */
export async function cutLines<E extends Encoding>(
  receiver: Receiver,
  splitter: LineSplitter<E>,
): Promise<Line<E>[]> {
  for (;;) {
    if (!receiver.readable) await receiver.ready()
    const chunk = receiver.takeAll()
    const lines = chunk.length > 0 ? splitter.push(chunk) : splitter.end()
    if (lines.length > 0 || chunk.length === 0) return lines
  }
}
