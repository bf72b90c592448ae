// The replies that a growing string brings, compared as they come.

/** What has come of the replies to each letter of `v`: its first byte, its first two, and so on. */
export class Replies {
  /** How many replies have come whole. */
  whole = 0
  readonly #v: Buffer
  /** How much has come of the next reply. */
  #offset = 0

  constructor(v: Buffer) {
    this.#v = v
  }

  /** Takes the next bytes; returns whether they go on with the replies. */
  take(chunk: Buffer): boolean {
    for (let start = 0; start < chunk.length; ) {
      const length = this.whole + 1
      const piece = chunk.subarray(start, start + length - this.#offset)
      if (!piece.equals(this.#v.subarray(this.#offset, this.#offset + piece.length))) return false
      start += piece.length
      this.#offset += piece.length
      if (this.#offset < length) continue
      this.whole = length
      this.#offset = 0
    }
    return true
  }
}
