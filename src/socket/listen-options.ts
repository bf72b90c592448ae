// What a listener is told when it starts.
import type { SocketError } from './errors.ts'

/** Is told why a connection was not taken. */
export type RefusalHandler = (error: SocketError) => void

export interface ListenOptions {
  /**
   * The address to listen on; for a name, its IPv4 address if it has one. Without it, all
   * interfaces, IPv6 and IPv4 through one socket where there is IPv6, else IPv4.
   */
  host?: string | undefined
  /** 0 asks for any free port. */
  port: number
  /**
   * How many connections the operating system holds until Node accepts them (511; listen(2)). It
   * does not limit clients: Node takes every connection at once, and keeps it here until `accept`.
   */
  backlog?: number | undefined
  /**
   * How many connections may be open at a time, accepted or not; no limit by default. One more is
   * closed at once: its peer sees the end of data, or a reset if it has sent something.
   */
  maxConnections?: number | undefined
  /**
   * Called for each connection that could not be taken: ERR_TOO_MANY_CONNECTIONS beyond
   * `maxConnections`, or the operating system's code (`EMFILE`), which the next `accept` rejects
   * with if there is no `onRefused`.
   */
  onRefused?: RefusalHandler | undefined
  /**
   * How long a recv or a send of an accepted socket waits without a byte in either direction, in
   * milliseconds, before it rejects with ETIMEDOUT; see `connect`.
   */
  idleTimeoutMs?: number | undefined
  /** Ends the attempt with `signal.reason`, and closes a listener that has started. */
  signal?: AbortSignal | undefined
}
