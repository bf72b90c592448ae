// The original's way to wait for input: it asks, and never sleeps.
import { setImmediate as turn } from 'node:timers/promises'
import type { TcpSocket } from '../socket/index.ts'
import type { Poll } from './clients.ts'

/** Asks all of them again and again, as strsvr.py does (section 6); this burns a processor. */
export class Polling implements Poll {
  readonly #sockets = new Set<TcpSocket>()

  register(socket: TcpSocket): void {
    this.#sockets.add(socket)
  }

  unregister(socket: TcpSocket): void {
    this.#sockets.delete(socket)
  }

  async select(): Promise<TcpSocket[]> {
    await turn()
    return [...this.#sockets]
  }
}
