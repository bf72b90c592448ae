// What a command prints, as it goes to the clients: whole while it is small, else in pieces.
import { NEWLINE } from '../socket/lines.ts'

/** An answer up to this size is collected whole, so that each client can take it at its own pace. */
const COLLECTED_BYTES = 1 << 20

/** The command's output, collected while it is small and then passed on in pieces. */
export class CommandOutput {
  readonly #omitLastLine: boolean
  #held: Buffer[] = []
  #heldBytes = 0
  /** Whether what went out already ends with a newline. */
  #isAtLineStart = true

  constructor(omitLastLine: boolean) {
    this.#omitLastLine = omitLastLine
  }

  /** Keeps a chunk; gives what shall go out now, if there is too much to keep. */
  add(chunk: Buffer): Buffer | undefined {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes <= COLLECTED_BYTES) return undefined
    const all = Buffer.concat(this.#held)
    // A last line too long to be kept can't be left out.
    const end = (this.#omitLastLine && lastLineStart(all)) || all.length
    this.#held = [all.subarray(end)]
    this.#heldBytes = all.length - end
    this.#isAtLineStart = all[end - 1] === NEWLINE
    return all.subarray(0, end)
  }

  /** What is left when the command has ended, and behind it a line that says what went wrong. */
  rest(problem: string | undefined, name: string): Buffer {
    const all = Buffer.concat(this.#held)
    const rest = this.#omitLastLine ? all.subarray(0, lastLineStart(all)) : all
    if (problem === undefined) return rest
    // It must stand on a line of its own, or it would pass for output.
    const isAtLineStart = rest.length > 0 ? rest.at(-1) === NEWLINE : this.#isAtLineStart
    return Buffer.concat([
      rest,
      Buffer.from(`${isAtLineStart ? '' : '\n'}pynet: ${name}: ${problem}\n`),
    ])
  }
}

/** Where the last line begins; the newline that ends it does not count. */
function lastLineStart(bytes: Buffer): number {
  return bytes.length < 2 ? 0 : bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1
}
