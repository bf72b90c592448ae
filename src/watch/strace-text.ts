// strace's output as it comes, in chunks of any size, as lines; the half line at its end shows, too.

/**
 * A blocked call's line is half there: strace writes its end when the call returns. That is why
 * the lines of strace are not cut by LineSplitter, which keeps the half line to itself.
 */
export class StraceText {
  #half = ''

  /** Takes a chunk, of ASCII only. Returns the lines that it completes, without their newlines. */
  push(chunk: string): string[] {
    const lines = chunk.split('\n')
    lines[0] = this.#half + lines[0]
    this.#half = lines.pop() ?? ''
    return lines
  }

  /** What has come of the line that is not yet whole. */
  get half(): string {
    return this.#half
  }
}
