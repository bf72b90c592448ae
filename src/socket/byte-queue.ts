// Bytes that have arrived and that nobody has asked for yet: one stream, whatever chunks it came in.

/** A smaller piece of a larger chunk is copied: a letter must not keep all that came with it. */
const COPY_BELOW_BYTES = 4096

/** A first-in, first-out queue of bytes. */
export class ByteQueue {
  #chunks: Buffer[] = []
  /** So many bytes of the first chunk are used up. */
  #used = 0
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
    const [head] = this.#chunks
    if (head === undefined) this.#isLastBorrowed = false
    else this.#chunks[0] = head.subarray(this.#used)
    this.#chunks.unshift(chunk)
    this.#used = 0
    this.#length += chunk.length
  }

  /** Makes borrowed bytes the queue's own, before their memory is filled again. */
  keep(): void {
    if (!this.#isLastBorrowed) return
    this.#isLastBorrowed = false
    const last = this.#chunks.length - 1
    const chunk = this.#chunks[last]
    if (chunk === undefined) return
    const start = last === 0 ? this.#used : 0
    this.#chunks[last] = Buffer.from(chunk.subarray(start))
    if (last === 0) this.#used = 0
  }

  /** Takes up to `maxBytes` from the front, as memory that is the caller's to keep. */
  take(maxBytes: number): Buffer {
    const wanted = Math.min(maxBytes, this.#length)
    const head = this.#chunks[0]
    if (head === undefined || wanted === 0) return Buffer.alloc(0)
    const isBorrowed = this.#isLastBorrowed && this.#chunks.length === 1
    const isWhole = this.#used === 0 && wanted === head.length
    const isLarge = wanted >= COPY_BELOW_BYTES || head.buffer.byteLength <= COPY_BELOW_BYTES
    const end = this.#used + wanted
    if (end > head.length || isBorrowed || !(isWhole || isLarge)) {
      const copy = Buffer.allocUnsafe(wanted)
      this.takeInto(copy)
      return copy
    }
    const piece = isWhole ? head : head.subarray(this.#used, end)
    this.#drop(head, wanted)
    return piece
  }

  /** Takes all there is; borrowed memory stays borrowed, and is good until the next `keep`. */
  takeAll(): Buffer {
    const [head] = this.#chunks
    if (head === undefined || this.#chunks.length > 1) return this.take(this.#length)
    const rest = head.subarray(this.#used)
    this.#drop(head, rest.length)
    return rest
  }

  /** Fills `target` from the front as far as the bytes go. Returns how many there were. */
  takeInto(target: Uint8Array): number {
    let filled = 0
    while (filled < target.length) {
      const head = this.#chunks[0]
      if (head === undefined) break
      const count = Math.min(head.length - this.#used, target.length - filled)
      head.copy(target, filled, this.#used, this.#used + count)
      this.#drop(head, count)
      filled += count
    }
    return filled
  }

  /** Returns the bytes at the front that lie together, without taking them. */
  peek(): Buffer {
    return this.#chunks[0]?.subarray(this.#used) ?? Buffer.alloc(0)
  }

  /** Drops all that waits. */
  clear(): void {
    this.#chunks = []
    this.#used = this.#length = 0
  }

  /** Uses up `count` bytes of the first chunk. */
  #drop(head: Buffer, count: number): void {
    this.#length -= count
    this.#used += count
    if (this.#used < head.length) return
    this.#chunks.shift()
    this.#used = 0
  }
}
