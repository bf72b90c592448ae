// Bytes that have arrived and that nobody has asked for yet: one stream, whatever chunks it came in.

/** A smaller piece of a larger chunk is copied: a letter must not keep all that came with it. */
const COPY_BELOW_BYTES = 4096

/** A first-in, first-out queue of bytes. */
export class ByteQueue {
  #chunks: Buffer[] = []
  #length = 0
  /** The last chunk lies in memory that the operating system fills again; see `keep`. */
  #isLastBorrowed = false

  /** How many bytes are waiting. */
  get length(): number {
    return this.#length
  }

  /** Adds bytes behind all others. Unless they are borrowed, nobody else may write to them. */
  push(chunk: Buffer, isBorrowed: boolean): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#isLastBorrowed = isBorrowed
  }

  /** Puts bytes back in front of all others. */
  unshift(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (this.#chunks.length === 0) this.#isLastBorrowed = false
    this.#chunks.unshift(chunk)
    this.#length += chunk.length
  }

  /** Makes borrowed bytes the queue's own, before their memory is filled again. */
  keep(): void {
    if (!this.#isLastBorrowed) return
    this.#isLastBorrowed = false
    const chunk = this.#chunks.pop()
    if (chunk !== undefined) this.#chunks.push(Buffer.from(chunk))
  }

  /** Takes up to `maxBytes` from the front, as memory that is the caller's to keep. */
  take(maxBytes: number): Buffer {
    const wanted = Math.min(maxBytes, this.#length)
    const head = this.#chunks[0]
    if (head === undefined || wanted === 0) return Buffer.alloc(0)
    const isBorrowed = this.#isLastBorrowed && this.#chunks.length === 1
    const isSmallPart = wanted < COPY_BELOW_BYTES && head.buffer.byteLength > COPY_BELOW_BYTES
    if (wanted > head.length || isBorrowed || isSmallPart) {
      const copy = Buffer.allocUnsafe(wanted)
      this.takeInto(copy)
      return copy
    }
    this.#drop(head, wanted)
    return wanted === head.length ? head : head.subarray(0, wanted)
  }

  /** Takes all there is; borrowed memory stays borrowed, and is good until the next `keep`. */
  takeAll(): Buffer {
    const [head] = this.#chunks
    if (head === undefined || this.#chunks.length > 1) return this.take(this.#length)
    this.#drop(head, head.length)
    return head
  }

  /** Fills `target` from the front as far as the bytes go. Returns how many there were. */
  takeInto(target: Uint8Array): number {
    let filled = 0
    while (filled < target.length) {
      const head = this.#chunks[0]
      if (head === undefined) break
      const count = head.copy(target, filled)
      this.#drop(head, count)
      filled += count
    }
    return filled
  }

  /** Returns the bytes at the front that lie together, without taking them. */
  peek(): Buffer {
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  /** Drops all that waits. */
  clear(): void {
    this.#chunks = []
    this.#length = 0
  }

  /** Uses up `count` bytes of the first chunk. */
  #drop(head: Buffer, count: number): void {
    this.#length -= count
    if (count < head.length) this.#chunks[0] = head.subarray(count)
    else this.#chunks.shift()
  }
}
