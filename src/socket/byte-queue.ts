// Bytes that have arrived and were not asked for yet: one stream, whatever chunks it came in.

const NEWLINE = 0x0a
/** Below this a piece is copied, so that a letter kept by the caller does not keep a whole chunk. */
const COPY_BELOW_BYTES = 4096

/** A first-in, first-out queue of bytes. It owns what is pushed: nobody else may write to it. */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** The chunks before this index are used up; they are cut off in one go, not one by one. */
  #first = 0
  #length = 0
  /** So many bytes from the front are known to hold no newline. */
  #scanned = 0

  /** How many bytes are waiting. */
  get length(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** Puts bytes back in front of all others. */
  unshift(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (this.#first > 0) this.#chunks[--this.#first] = chunk
    else this.#chunks.unshift(chunk)
    this.#length += chunk.length
    this.#scanned = 0
  }

  /** Takes up to `maxBytes` from the front, as memory that is the caller's to keep. */
  take(maxBytes: number): Buffer {
    const head = this.#chunks[this.#first]
    if (head === undefined || maxBytes === 0) return Buffer.alloc(0)
    const wanted = Math.min(maxBytes, this.#length)
    if (wanted > head.length) {
      const whole = Buffer.allocUnsafeSlow(wanted)
      this.takeInto(whole)
      return whole
    }
    const piece = head.subarray(0, wanted)
    this.#drop(head, wanted)
    return wanted < head.length && wanted < COPY_BELOW_BYTES ? Buffer.from(piece) : piece
  }

  /** Fills `target` from the front as far as the bytes go; gives how many there were. */
  takeInto(target: Uint8Array): number {
    let filled = 0
    while (filled < target.length) {
      const head = this.#chunks[this.#first]
      if (head === undefined) break
      const count = Math.min(head.length, target.length - filled)
      head.copy(target, filled, 0, count)
      this.#drop(head, count)
      filled += count
    }
    return filled
  }

  /** The byte at `offset` from the front, or undefined beyond the last. */
  at(offset: number): number | undefined {
    let start = 0
    for (let index = this.#first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Buffer
      if (offset < start + chunk.length) return chunk[offset - start]
      start += chunk.length
    }
    return undefined
  }

  /**
   * The length of the first line with its newline, or 0 where no newline has come yet.
   * What was searched once is not searched again, however long the line.
   */
  firstLineLength(): number {
    let start = 0
    for (let index = this.#first; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Buffer
      const end = start + chunk.length
      if (end > this.#scanned) {
        const found = chunk.indexOf(NEWLINE, Math.max(0, this.#scanned - start))
        if (found >= 0) {
          this.#scanned = start + found
          return start + found + 1
        }
        this.#scanned = end
      }
      start = end
    }
    return 0
  }

  /** The length of all whole lines together, or 0 where no newline has come yet. */
  allLinesLength(): number {
    if (this.firstLineLength() === 0) return 0
    let end = this.#length
    for (let index = this.#chunks.length - 1; index >= this.#first; index--) {
      const chunk = this.#chunks[index] as Buffer
      const found = chunk.lastIndexOf(NEWLINE)
      if (found >= 0) return end - chunk.length + found + 1
      end -= chunk.length
    }
    return 0
  }

  clear(): void {
    this.#chunks = []
    this.#first = this.#length = this.#scanned = 0
  }

  /** Takes `count` bytes off the head chunk. */
  #drop(head: Buffer, count: number): void {
    this.#length -= count
    this.#scanned = Math.max(0, this.#scanned - count)
    if (count < head.length) {
      this.#chunks[this.#first] = head.subarray(count)
      return
    }
    this.#first++
    if (this.#first === this.#chunks.length) {
      this.#chunks = []
      this.#first = 0
    } else if (this.#first > 1024) {
      this.#chunks = this.#chunks.slice(this.#first)
      this.#first = 0
    }
  }
}
