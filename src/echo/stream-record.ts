// One direction of an echo: how its bytes begin, how many there are, and whether the echo is whole.

/** What comes back is an echo if it begins as the string does, as far as this. */
const COMPARED_BYTES = 65_536

/** What is remembered of the bytes of one direction. */
export class StreamRecord {
  readonly #memory = Buffer.alloc(COMPARED_BYTES)
  length = 0

  add(bytes: Uint8Array): void {
    const room = Math.max(0, COMPARED_BYTES - this.length)
    if (room > 0) this.#memory.set(bytes.subarray(0, room), this.length)
    this.length += bytes.length
  }

  /** Returns whether both begin with the same bytes, as far as both go. */
  beginsAs(other: StreamRecord): boolean {
    const length = Math.min(this.length, other.length, COMPARED_BYTES)
    return this.#memory.subarray(0, length).equals(other.#memory.subarray(0, length))
  }
}

/**
 * Returns why what came cannot be all that the server had to send; undefined where nothing is
 * wrong. What does not begin as the string does is no echo, and may have any length.
 */
export function problemOf(sent: StreamRecord, received: StreamRecord): string | undefined {
  if (sent.length === 0) return undefined
  if (received.length === 0) return 'nothing came back'
  const cut = received.length % sent.length
  if (cut === 0 || !received.beginsAs(sent)) return undefined
  return `the last copy is cut, ${cut} of its ${sent.length} bytes came`
}
