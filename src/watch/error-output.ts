// Lines on standard error, beside the program's own: with back-pressure, and harmless to it.
import { write } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { colours } from '../terminal/colours.ts'
import { visible } from '../terminal/visible.ts'

const STDERR = 2
const RETRY_MS = 10
/** Whoever writes more waits until it is written. */
const HIGH_WATER_LENGTH = 65_536

/**
 * process.stderr would make the pipe nonblocking, also for the program, which shares it. A write
 * that has to wait does so in a thread, so that signals are still taken. If standard error is
 * closed or its disk is full, the rest is dropped.
 */
export class ErrorOutput {
  #pending: string[] = []
  #pendingLength = 0
  #writing: Promise<void> | undefined
  #hasFailed = false

  /** Shows a line of a trace or a summary. */
  note(line: string): void {
    this.#add(colours.hint(visible(line)))
  }

  /** Says something of our own: `pynet: …`. */
  say(message: string): void {
    this.#add(colours.error(`pynet: ${visible(message).replaceAll('\n', ' ')}`))
  }

  /** Resolves at once, or when so much has gathered that the reader comes first. */
  async room(): Promise<void> {
    while (this.#pendingLength > HIGH_WATER_LENGTH) await this.#writing
  }

  /** Resolves when all is written, or dropped. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  #add(line: string): void {
    if (this.#hasFailed) return
    this.#pending.push(`${line}\n`)
    this.#pendingLength += line.length
    this.#writing ??= this.#writePending()
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const bytes = Buffer.from(this.#pending.join(''))
      this.#pending = []
      this.#pendingLength = 0
      await writeAll(bytes).catch(() => {
        this.#hasFailed = true
        this.#pending = []
      })
    }
    this.#writing = undefined
  }
}

/** The program may have made the pipe nonblocking itself: then a full one is tried again. */
async function writeAll(bytes: Buffer): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) {
    const written = await writeSome(rest).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EAGAIN') return setTimeout(RETRY_MS, 0)
      throw error
    })
    rest = rest.subarray(written)
  }
}

function writeSome(bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDERR, bytes, (error, written) => (error ? reject(error) : resolve(written)))
  })
}
