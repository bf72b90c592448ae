// One command of the machine, run for many clients: who asks while it runs shares the next run.
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { Audience, type Request } from './audience.ts'
import { type CommandOptions, runCommand } from './command-run.ts'

/** So many runs that are held up by their clients are left alone; with more, the next ones wait. */
const MAX_HELD_UP = 4

/**
 * Runs a command once at a time. Clients who ask while it runs wait for the next run, all for the
 * same one: no answer is older than its request, and a crowd costs two processes.
 *
 * A long output goes out no faster than the slowest client of its run reads. A run that is held
 * up so does not count any more, and the next one is begun beside it: who reads slowly keeps
 * those waiting who share the run, and not the others. There are `MAX_HELD_UP` such runs at most
 * and one at work, so a few slow clients cost a few processes, and many can still be in the way
 * until they are given up.
 */
export class SharedCommand {
  readonly #name: string
  readonly #options: CommandOptions
  readonly #runs = new Set<Promise<void>>()
  #waiting: Request[] = []
  #isRunning = false

  constructor(name: string, options: CommandOptions) {
    this.#name = name
    this.#options = options
  }

  /** Resolves when the client has got the whole output, or a line that says why there is none. */
  answer(client: TcpSocket): Promise<void> {
    return new Promise((done, fail) => {
      this.#waiting.push({ client, done, fail })
      void this.#work()
    })
  }

  /** Runs the command again and again, as long as somebody waits for it. */
  async #work(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      // Those who ask in the same turn share the first run already.
      await new Promise((resolve) => setImmediate(resolve))
      while (this.#waiting.length > 0) {
        const batch = this.#waiting
        this.#waiting = []
        await this.#run(batch)
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** Runs the command once; resolves when the next run may begin. */
  async #run(batch: Request[]): Promise<void> {
    const audience = new Audience(batch, this.#options.timeout)
    const run = runCommand(this.#name, this.#options, audience).finally(() => {
      this.#runs.delete(run)
    })
    this.#runs.add(run)
    await Promise.race([run, audience.heldUp])
    while (this.#runs.size > MAX_HELD_UP) await Promise.race(this.#runs)
  }
}
