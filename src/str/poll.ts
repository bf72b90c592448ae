// Who has input? The two ways of str-server to find out give the same answer.
import type { Listener } from '../socket/listener.ts'
import type { TcpSocket } from '../socket/tcp-socket.ts'

export type Source = TcpSocket | Listener

/** How to find out who has input. */
export interface Poll {
  add(source: Source): void
  remove(source: Source): void
  /** Those who may have input, in the order they were added; yields a turn of the event loop. */
  ready(): Promise<Source[]>
}
