// What a program prints, as it comes, up to a limit.

/** What comes beyond is read and dropped, so that the program does not wait for us. */
export const OUTPUT_LIMIT_BYTES = 1 << 20

/** Standard output or standard error of a program. */
export class ProgramOutput {
  #chunks: Buffer[] = []
  #kept = 0
  #watchers = new Set<() => void>()

  /** Every byte so far, OUTPUT_LIMIT_BYTES at most. */
  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }

  /** The last lines, without their newlines. */
  lastLines(count: number): string[] {
    const lines = this.bytes.toString().trimEnd().split('\n')
    return lines.slice(-count).filter((line, index) => index > 0 || line !== '')
  }

  add(chunk: Buffer): void {
    const taken = chunk.subarray(0, OUTPUT_LIMIT_BYTES - this.#kept)
    this.#kept += taken.length
    if (taken.length > 0) this.#chunks.push(taken)
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls `watcher` whenever something has come; returns the way to stop that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}
