// One command of the machine, run for many clients: who asks while it runs shares the next run.
import { type ChildProcess, spawn } from 'node:child_process'
import { formatAddress } from '../socket/address.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { TimeLimitError } from './time-limit.ts'

/** Nothing of the server's environment reaches the command; its output does not depend on it. */
export const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }
/** An answer up to this size is collected whole, so that each client can take it at its own pace. */
const COLLECTED_BYTES = 1 << 20
const NEWLINE = 0x0a

export interface SharedCommandOptions {
  /** How long the command may run, and a client may take to read, in milliseconds. */
  timeout: number
  /** Leave out the last line of the output. */
  omitLastLine: boolean
}

interface Request {
  readonly client: TcpSocket
  done(): void
  fail(error: unknown): void
}

/**
 * Runs a command without a shell and without arguments, once at a time. Clients who ask while it
 * runs wait for the next run, all for the same one: no answer is older than its request, and a
 * crowd costs two processes.
 */
export class SharedCommand {
  readonly #name: string
  readonly #options: SharedCommandOptions
  #waiting: Request[] = []
  #isRunning = false

  constructor(name: string, options: SharedCommandOptions) {
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
    // Those who ask in the same turn share the first run already.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await this.#run(new Audience(batch, this.#options.timeout))
    }
    this.#isRunning = false
  }

  /** Runs the command once, and sends its output and how it ended, if it did not end well. */
  async #run(audience: Audience): Promise<void> {
    const output = new CommandOutput(this.#options.omitLastLine)
    const child = spawn(this.#name, [], {
      env: ENVIRONMENT,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = endOf(child)
    let isOutOfTime = false
    // A process that the command left behind may hold the pipe: it must not hold us as well.
    const kill = () => {
      child.kill('SIGKILL')
      child.stdout?.destroy()
    }
    const killLate = () => {
      isOutOfTime = true
      kill()
    }
    audience.whenEmpty(kill)
    let outOfTime = setTimeout(killLate, this.#options.timeout)
    try {
      // The child's `exit` can come before its last output: read to the end, then wait for `close`.
      for await (const chunk of child.stdout ?? []) {
        const piece = output.add(chunk as Buffer)
        if (piece === undefined) continue
        // Time that the clients take is not the command's.
        clearTimeout(outOfTime)
        await audience.send(piece)
        outOfTime = setTimeout(killLate, this.#options.timeout)
      }
    } catch {
      // The pipe was destroyed with the command; how that ended says why.
    }
    const end = await ended
    clearTimeout(outOfTime)
    const late = `was ended, for it took longer than ${this.#options.timeout / 1000} s`
    audience.finish(output.rest(isOutOfTime ? late : end, this.#name))
  }
}

/** How a child process ended, in words; undefined where it ended well. Never rejects. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'not found on this server' : 'cannot be run now'),
    )
    child.once('close', (code, killedBy) =>
      resolve(code === 0 ? undefined : `ended with ${killedBy ?? `exit code ${code}`}`),
    )
  })
}

/** The command's output, collected while it is small and then passed on in pieces. */
class CommandOutput {
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

/** The clients of one run. Who leaves, or does not read in time, is dropped from it. */
class Audience {
  readonly #requests: Set<Request>
  readonly #timeout: number
  #onEmpty = () => {}

  constructor(requests: Request[], timeout: number) {
    this.#requests = new Set(requests)
    this.#timeout = timeout
    for (const request of requests) this.#watchLeaving(request)
  }

  whenEmpty(onEmpty: () => void): void {
    this.#onEmpty = onEmpty
  }

  /** Sends a piece to all who are still there; resolves when the last has taken it. */
  async send(bytes: Buffer): Promise<void> {
    await Promise.all([...this.#requests].map((request) => this.#sendTo(request, bytes)))
  }

  /** Sends the rest to each at its own pace, and is done with them. */
  finish(rest: Buffer): void {
    for (const request of this.#requests) void this.#sendTo(request, rest).then(request.done)
  }

  async #sendTo(request: Request, bytes: Buffer): Promise<void> {
    const { client } = request
    const late = `${formatAddress(client.remoteAddress)} did not read for ${this.#timeout / 1000} s`
    const outOfTime = setTimeout(() => {
      this.#drop(request, new TimeLimitError(late))
      void client.close()
    }, this.#timeout)
    try {
      await client.sendAll(bytes)
    } catch (error) {
      this.#drop(request, error)
    } finally {
      clearTimeout(outOfTime)
    }
  }

  /** A reset, or our own close, ends the wait of a client; its end of data alone does not. */
  #watchLeaving(request: Request): void {
    const discard = async () => {
      while ((await request.client.recv(65_536)).length > 0);
    }
    discard().catch((error) => this.#drop(request, error))
  }

  #drop(request: Request, error: unknown): void {
    if (!this.#requests.delete(request)) return
    request.fail(error)
    if (this.#requests.size === 0) this.#onEmpty()
  }
}
