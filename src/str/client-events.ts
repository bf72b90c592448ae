// What str-server says of its clients on stderr.
import { type Address, formatAddress } from '../socket/address.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What becomes of clients, for whoever wants to tell of it. */
export interface ClientEvents {
  /** A client was dropped, for v had no room for its letter. */
  onFull(): void
  /** A client has left; with the reason where its connection was lost. */
  onLeft(address: Address, reason: Error | undefined): void
}

/** Says once that v is full, and with `verbose` of each client that it has left. */
export function tellOfClients(
  terminal: Terminal,
  { maxBytes, verbose = false }: { maxBytes: number; verbose?: boolean },
): ClientEvents {
  let isFull = false
  return {
    onFull() {
      if (isFull) return
      isFull = true
      terminal.say('warning', `v has ${maxBytes} bytes (--max-bytes): who sends more is dropped`)
    },
    onLeft(address, reason) {
      if (verbose) terminal.say('hint', reason?.message ?? `${formatAddress(address)} has left`)
    },
  }
}
