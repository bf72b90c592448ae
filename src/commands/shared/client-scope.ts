// The clients of a server: each is served in a scope of its own, and harms no other.
import { formatAddress, type TcpSocket } from '../../socket/index.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { isClientError, LimitError } from './limit-error.ts'

export interface ClientScopeOptions {
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly verbose?: boolean
  readonly endsWithClient?: boolean
}

/**
 * Serves clients, at the same time or one after another. A client that fails does not concern the
 * others (unless the server `endsWithClient`); any other error ends the server.
 */
export class ClientScope {
  readonly #stopListening: () => void
  readonly #options: ClientScopeOptions
  readonly #served = new Set<Promise<void>>()
  readonly #failures: unknown[] = []
  #hasReachedLimit = false

  /** `stopListening` is called when the server fails: a wait for the next client then ends. */
  constructor(stopListening: () => void, options: ClientScopeOptions) {
    this.#stopListening = stopListening
    this.#options = options
  }

  /** Runs `work` and closes the client's connection, in any case. Never rejects. */
  readonly serve = (client: TcpSocket, work: () => Promise<void>): Promise<void> => {
    const served = this.#serve(client, work).finally(() => this.#served.delete(served))
    this.#served.add(served)
    return served
  }

  /**
   * With `--verbose` says that a client has left, or why it failed. Of those that have reached a
   * limit, the first is reported in any case.
   */
  readonly report = (client: TcpSocket, error?: unknown): void => {
    const { terminal, verbose, signal } = this.#options
    // Where the server is interrupted, its clients have neither left nor failed.
    if (signal.aborted) return
    const isFirstLimit = error instanceof LimitError && !this.#hasReachedLimit
    if (isFirstLimit) this.#hasReachedLimit = true
    else if (!verbose) return
    if (error instanceof Error) terminal.say('warning', error.message)
    else terminal.say('hint', `${formatAddress(client.remoteAddress)} has left`)
  }

  /** Resolves when all clients have been served; rejects with an error that was no client's. */
  async finish(): Promise<void> {
    await Promise.all(this.#served)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async #serve(client: TcpSocket, work: () => Promise<void>): Promise<void> {
    const { signal, endsWithClient } = this.#options
    // The close makes whatever call `work` waits in reject.
    const close = () => void client.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      signal.throwIfAborted()
      await work()
      this.report(client)
    } catch (error) {
      if (signal.aborted) return
      if (isClientError(error) && !endsWithClient) return this.report(client, error)
      this.#failures.push(error)
      this.#stopListening()
    } finally {
      signal.removeEventListener('abort', close)
      await client.close()
    }
  }
}
