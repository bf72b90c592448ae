// The clients who get the output of one run of a command.
import { formatAddress } from '../socket/address.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'
import { TimeLimitError } from './time-limit.ts'

/** So long may the clients keep a run waiting, all in all, before it is held up by them. */
const HELD_UP_MS = 250

/** A client who has asked for a command's output, and how to say what became of that. */
export interface Request {
  readonly client: TcpSocket
  done(): void
  fail(error: unknown): void
}

/** The clients of one run. Who leaves, or does not take a piece in time, is dropped from it. */
export class Audience {
  readonly #requests: Set<Request>
  readonly #timeout: number
  /** Resolves when the run is held up by its clients; never, if they are quick. */
  readonly heldUp: Promise<void>
  #onHeldUp = () => {}
  #patienceMs = HELD_UP_MS
  #onEmpty = () => {}

  constructor(requests: Request[], timeout: number) {
    this.#requests = new Set(requests)
    this.#timeout = timeout
    this.heldUp = new Promise((resolve) => {
      this.#onHeldUp = resolve
    })
    for (const request of requests) this.#watchLeaving(request)
  }

  whenEmpty(onEmpty: () => void): void {
    this.#onEmpty = onEmpty
  }

  /** Sends a piece to all who are still there; resolves when the last has taken it. */
  async send(bytes: Buffer): Promise<void> {
    const begin = performance.now()
    const impatient = setTimeout(this.#onHeldUp, Math.max(0, this.#patienceMs))
    await Promise.all([...this.#requests].map((request) => this.#sendTo(request, bytes)))
    clearTimeout(impatient)
    this.#patienceMs -= performance.now() - begin
  }

  /** Sends the rest to each at its own pace, and is done with them. */
  finish(rest: Buffer): void {
    for (const request of this.#requests) void this.#sendTo(request, rest).then(request.done)
  }

  async #sendTo(request: Request, bytes: Buffer): Promise<void> {
    const { client } = request
    const what = `did not take ${bytes.length} bytes within ${this.#timeout / 1000} s`
    const late = `${formatAddress(client.remoteAddress)} ${what}`
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
