// The FIFO through which strace's output comes, so that nothing of ours leaks into the program.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WatchError } from './errors.ts'

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants

/** Reads on, and throws away what it reads, when its standard input ends: when we are killed. */
const READ_ON = 'cat >/dev/null; exec cat <&3 >/dev/null'

export class Fifo {
  readonly path: string
  /** What strace writes; ends when strace and its last process have ended. */
  readonly stream: Socket
  readonly #folder: string
  /** Keeps the stream from ending before strace has opened the FIFO. */
  #writer: number | undefined

  /** Makes a FIFO that only this user can open. Throws WatchError. */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'pynet-watch-'))
    this.path = join(this.#folder, 'strace')
    const { status, error, stderr } = spawnSync('mkfifo', ['-m', '600', this.path])
    if (status !== 0) {
      rmSync(this.#folder, { recursive: true, force: true })
      throw new WatchError(`cannot make a FIFO: ${error?.message ?? stderr.toString().trim()}`)
    }
    const reader = openSync(this.path, O_RDONLY | O_NONBLOCK)
    this.#writer = openSync(this.path, O_WRONLY | O_NONBLOCK)
    this.#readOnAfterUs()
    this.stream = new Socket({ fd: reader, readable: true, writable: false })
    this.stream.setEncoding('latin1')
  }

  /** strace has opened the FIFO, or never will. */
  opened(): void {
    if (this.#writer === undefined) return
    closeSync(this.#writer)
    this.#writer = undefined
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /**
   * If we are killed, strace goes on, for the program cannot do without it any more. Without a
   * reader it would complain of each call on the program's stderr.
   */
  #readOnAfterUs(): void {
    const reader = openSync(this.path, O_RDONLY)
    const helper = spawn('/bin/sh', ['-c', READ_ON], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore', reader],
    })
    closeSync(reader)
    // Without it nothing is lost as long as we live.
    helper.on('error', () => {})
    helper.unref()
    const input = helper.stdin as Socket | null
    input?.unref()
  }
}
