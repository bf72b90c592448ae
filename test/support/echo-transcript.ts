// Reads back what an echo client printed: the first chunks, the size of each, and the closing line.

/** As many chunks are printed as tmc.py prints; of the others only the size is. */
const printedChunks = 4

export interface EchoTranscript {
  /** The bytes of the first chunks. */
  printed: Buffer
  /** The size of every chunk, in bytes. */
  sizes: number[]
  /** All sizes together. */
  total: number
}

interface Piece {
  chunk: Buffer
  next: number
}

/**
 * The chunk may hold any bytes, even a line that looks like ours: it ends at the first
 * `received N bytes` whose N is the number of bytes before it.
 */
function readPrintedChunk(output: Buffer, start: number): Piece | undefined {
  for (let from = start; ; ) {
    const newline = output.indexOf('\nreceived ', from)
    if (newline < 0) return undefined
    const line = output.subarray(newline + 1, newline + 40).toString('latin1')
    const size = /^received (\d+) bytes\n/.exec(line)
    if (size && Number(size[1]) === newline - start) {
      return { chunk: output.subarray(start, newline), next: newline + 1 + size[0].length }
    }
    from = newline + 1
  }
}

/** Throws unless every byte of the output is where an echo client prints it. */
export function readEchoTranscript(output: Buffer): EchoTranscript {
  const chunks: Buffer[] = []
  let position = 0
  while (chunks.length < printedChunks) {
    const piece = readPrintedChunk(output, position)
    if (piece === undefined) break
    chunks.push(piece.chunk)
    position = piece.next
  }
  const rest = output.subarray(position).toString('latin1')
  const sizes = chunks.map((chunk) => chunk.length)
  if (chunks.length < printedChunks) {
    // The read that found the end of data was among the first four: it printed an empty line.
    if (rest !== '\n') throw new Error(`no empty line at the end: ${JSON.stringify(rest)}`)
  } else {
    if (!/^(received \d+ bytes\n)*$/.test(rest)) {
      throw new Error(
        `not only sizes after the fourth chunk: ${JSON.stringify(rest.slice(0, 500))}`,
      )
    }
    for (const [, size] of rest.matchAll(/(\d+)/g)) sizes.push(Number(size))
  }
  if (sizes.some((size) => size === 0)) throw new Error('a chunk of no bytes was counted')
  return {
    printed: Buffer.concat(chunks),
    sizes,
    total: sizes.reduce((sum, size) => sum + size, 0),
  }
}
