// Bytes that have arrived and were not asked for yet: one stream, whatever chunks it came in.
import { NEWLINE } from './lines.ts'

/** A smaller piece of a larger chunk is copied: a letter must not keep all that came with it. */
const COPY_BELOW_BYTES = 4096
/** So many chunks that are used up are worth a new array. */
const USED_UP_CHUNKS = 1024

/** A first-in, first-out queue of bytes. It owns what is pushed: nobody else may write to it. */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** The chunks before this index are used up; they are cut off in one go, not one by one. */
  #first = 0
  /** So many bytes of the first chunk are used up. */
  #used = 0
  #length = 0
  /** So many bytes from the front are known to hold no newline. */
  #scanned = 0
  /** Where that search goes on: the index of a chunk, and its start counted from the front. */
  #searchIndex = 0
  #searchStart = 0

  /** How many bytes are waiting. */
  get length(): number {
    return this.#length
  }

  /** Adds bytes behind all others. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** Puts bytes back in front of all others. */
  unshift(chunk: Buffer): void {
    if (chunk.length === 0) return
    const head = this.#chunks[this.#first]
    if (head !== undefined) this.#chunks[this.#first] = head.subarray(this.#used)
    this.#chunks.splice(0, this.#first, chunk)
    this.#first = this.#used = 0
    this.#length += chunk.length
    this.#searchFromFront()
  }

  /** Takes up to `maxBytes` from the front, as memory that is the caller's to keep. */
  take(maxBytes: number): Buffer {
    const wanted = Math.min(maxBytes, this.#length)
    const head = this.#chunks[this.#first]
    if (head === undefined || wanted === 0) return Buffer.alloc(0)
    const end = this.#used + wanted
    const keepsMore = wanted < COPY_BELOW_BYTES && head.buffer.byteLength > COPY_BELOW_BYTES
    if (end > head.length || keepsMore) {
      const copy = Buffer.allocUnsafe(wanted)
      this.takeInto(copy)
      return copy
    }
    const piece = head.subarray(this.#used, end)
    this.#drop(head, wanted)
    return piece
  }

  /** Fills `target` from the front as far as the bytes go; gives how many there were. */
  takeInto(target: Uint8Array): number {
    let filled = 0
    while (filled < target.length) {
      const head = this.#chunks[this.#first]
      if (head === undefined) break
      const count = Math.min(head.length - this.#used, target.length - filled)
      head.copy(target, filled, this.#used, this.#used + count)
      this.#drop(head, count)
      filled += count
    }
    return filled
  }

  /** A copy of up to `maxBytes` from the front, which stay where they are. */
  peek(maxBytes: number): Buffer {
    const copy = Buffer.alloc(Math.min(maxBytes, this.#length))
    for (let offset = 0; offset < copy.length; offset++) copy[offset] = this.at(offset) ?? 0
    return copy
  }

  /** The byte at `offset` from the front, or undefined beyond both ends. */
  at(offset: number): number | undefined {
    let start = -this.#used
    for (let index = this.#first; index < this.#chunks.length && offset >= 0; index++) {
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
    for (; this.#searchIndex < this.#chunks.length; this.#searchIndex++) {
      const chunk = this.#chunks[this.#searchIndex] as Buffer
      const found = chunk.indexOf(NEWLINE, Math.max(0, this.#scanned - this.#searchStart))
      if (found >= 0) {
        this.#scanned = this.#searchStart + found
        return this.#scanned + 1
      }
      this.#searchStart += chunk.length
      this.#scanned = this.#searchStart
    }
    return 0
  }

  /** The length of all whole lines together, or 0 where no newline has come yet. */
  allLinesLength(): number {
    if (this.firstLineLength() === 0) return 0
    let end = this.#length
    for (let index = this.#chunks.length - 1; index > this.#first; index--) {
      const chunk = this.#chunks[index] as Buffer
      const found = chunk.lastIndexOf(NEWLINE)
      if (found >= 0) return end - chunk.length + found + 1
      end -= chunk.length
    }
    const head = this.#chunks[this.#first]
    return head === undefined ? 0 : head.lastIndexOf(NEWLINE) + 1 - this.#used
  }

  /** Drops all that waits. */
  clear(): void {
    this.#chunks = []
    this.#first = this.#used = this.#length = 0
    this.#searchFromFront()
  }

  /** Takes `count` bytes off the head chunk. */
  #drop(head: Buffer, count: number): void {
    this.#length -= count
    this.#used += count
    if (this.#scanned > 0) this.#scanned = Math.max(0, this.#scanned - count)
    this.#searchStart -= count
    if (this.#used < head.length) return
    this.#used = 0
    this.#first++
    if (this.#first === this.#chunks.length || this.#first > USED_UP_CHUNKS) {
      this.#chunks = this.#chunks.slice(this.#first)
      this.#first = 0
      this.#searchFromFront()
    } else if (this.#searchIndex < this.#first) {
      this.#searchFromFront()
    }
  }

  #searchFromFront(): void {
    this.#searchIndex = this.#first
    this.#searchStart = 0 - this.#used
    this.#scanned = 0
  }
}
