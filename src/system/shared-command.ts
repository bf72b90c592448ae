// One command of the machine, run for many clients: who asks while it runs shares the next run.
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { Audience, type Request } from './audience.ts'
import { type CommandOptions, runCommand } from './command-run.ts'

/**
 * Runs a command once at a time. Clients who ask while it runs wait for the next run, all for the
 * same one: no answer is older than its request, and a crowd costs two processes.
 */
export class SharedCommand {
  readonly #name: string
  readonly #options: CommandOptions
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
        await runCommand(this.#name, this.#options, new Audience(batch, this.#options.timeout))
      }
    } finally {
      this.#isRunning = false
    }
  }
}
