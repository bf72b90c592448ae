// The reads of a file that take several steps; each gives back what it took if it fails.
import { endsLine, type LineOptions, LineSplitter, lengthOfLine } from './line-splitter.ts'
import { type Encoding, isContinuation, missingBytes } from './lines.ts'
import type { Receiver } from './receiver.ts'

/** Resolves with `size` bytes and the rest of a character that would be cut; fewer at the end. */
export async function readBytes(
  receiver: Receiver,
  size: number,
  encoding: Encoding,
): Promise<Buffer> {
  const pieces: Buffer[] = []
  let missing = size
  try {
    while (missing > 0) {
      if (!receiver.readable) await receiver.ready()
      const piece = receiver.take(missing)
      if (piece.length === 0) break
      pieces.push(piece)
      missing -= piece.length
    }
    if (encoding === 'utf8') await completeCharacter(receiver, pieces)
  } catch (error) {
    const isLost = receiver.failure !== undefined && !receiver.isClosed
    if (!isLost || pieces.length === 0) {
      receiver.putBack(Buffer.concat(pieces))
      throw error
    }
  }
  return Buffer.concat(pieces)
}

/** Resolves with a line, or with `limit` bytes of it and the rest of a character; none at the end. */
export async function readLine(
  receiver: Receiver,
  limit: number,
  { encoding, maxLineBytes = Infinity }: LineOptions,
  signal?: AbortSignal,
): Promise<Buffer> {
  let splitter: LineSplitter<'buffer'> | undefined
  const pieces: Buffer[] = []
  let missing = limit
  try {
    while (missing > 0) {
      if (!receiver.readable || signal?.aborted) await receiver.ready(signal)
      const piece = receiver.take(Math.min(missing, lengthOfLine(receiver.peek())))
      if (piece.length === 0) break
      // Usually the whole line is here already.
      if (splitter === undefined && endsLine(piece) && piece.length <= maxLineBytes) return piece
      pieces.push(piece)
      missing -= piece.length
      splitter ??= new LineSplitter({ encoding: 'buffer', maxLineBytes })
      const [line] = splitter.push(piece)
      if (line !== undefined) return line
    }
    if (encoding !== 'buffer') await completeCharacter(receiver, pieces, signal)
    return Buffer.concat(pieces)
  } catch (error) {
    receiver.putBack(Buffer.concat(pieces))
    throw error
  }
}

/** Resolves with all lines to the end of data, or until their bytes exceed `hint`. */
export async function readLines(
  receiver: Receiver,
  hint: number,
  options: LineOptions,
): Promise<Buffer[]> {
  const lines: Buffer[] = []
  let bytes = 0
  try {
    while (bytes <= hint) {
      const line = await readLine(receiver, Infinity, options)
      if (line.length === 0) break
      lines.push(line)
      bytes += line.length
    }
    return lines
  } catch (error) {
    receiver.putBack(Buffer.concat(lines))
    throw error
  }
}

/** Takes what the last character still lacks, if that is what comes next. */
async function completeCharacter(
  receiver: Receiver,
  pieces: Buffer[],
  signal?: AbortSignal,
): Promise<void> {
  const tail = Buffer.concat(pieces.slice(-3))
  for (let missing = missingBytes(tail); missing > 0; missing--) {
    if (!receiver.readable) await receiver.ready(signal)
    if (!isContinuation(receiver.peek()[0])) return receiver.throwIfOver()
    pieces.push(receiver.take(1))
  }
}
