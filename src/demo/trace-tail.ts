// Follows a trace file that a program is still writing: what was appended, in whole lines.

import { closeSync, openSync, readSync } from 'node:fs'
import { codeOf } from '../socket/errors.ts'
import { NEWLINE } from '../socket/lines.ts'
import type { TraceCall, TraceHeader } from '../trace/format.ts'

const PIECE_BYTES = 65_536

export class TraceTail {
  readonly #path: string
  #position = 0
  /** The beginning of a line of which the rest is not written yet. */
  #rest = Buffer.alloc(0)
  /** Undefined until the program has begun its trace. */
  header: TraceHeader | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** The calls that have come since the last read; none while there is no such file. */
  read(): TraceCall[] {
    const text = this.#wholeLines()
    const lines = text.split('\n').filter((line) => line !== '')
    if (this.header === undefined && lines.length > 0) {
      this.header = JSON.parse(lines.shift() ?? '') as TraceHeader
    }
    return lines.map((line) => JSON.parse(line) as TraceCall)
  }

  #wholeLines(): string {
    const bytes = Buffer.concat([this.#rest, this.#appended()])
    const end = bytes.lastIndexOf(NEWLINE) + 1
    this.#rest = bytes.subarray(end)
    return bytes.toString('utf8', 0, end)
  }

  #appended(): Buffer {
    let file: number
    try {
      file = openSync(this.#path, 'r')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return Buffer.alloc(0)
      throw error
    }
    const pieces: Buffer[] = []
    try {
      for (;;) {
        const piece = Buffer.allocUnsafe(PIECE_BYTES)
        const count = readSync(file, piece, 0, PIECE_BYTES, this.#position)
        if (count === 0) return Buffer.concat(pieces)
        this.#position += count
        pieces.push(piece.subarray(0, count))
      }
    } finally {
      closeSync(file)
    }
  }
}
