// How many connections a server takes at a time, and what it says of those that it does not take.
import { codeOf, reasonOf, type SocketError } from '../socket/errors.ts'
import { descriptorLimit } from '../system/descriptors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { Digest } from './digest.ts'

export interface ConnectionLimit {
  /** As many as were asked for, where the process may have so many open files; undefined: any. */
  readonly maxConnections: number | undefined
  /** Of each connection that was not taken. */
  readonly refusals: Digest<SocketError>
}

/** `maxConnections`, or fewer where the operating system sets a lower limit. */
export function connectionLimit(terminal: Terminal, maxConnections?: number): ConnectionLimit {
  const descriptors = descriptorLimit()
  const warn = (who: string, reason: string) => terminal.say('warning', `${who} refused: ${reason}`)

  if (descriptors === undefined || descriptors.connections >= (maxConnections ?? Infinity)) {
    const reason = `${maxConnections} are open (--max-connections)`
    const tell = (count: number, last: SocketError) =>
      warn(count === 1 ? '1 connection' : `${count} connections`, reasonFor(last, reason))
    return { maxConnections, refusals: new Digest(tell) }
  }
  const { connections, limit } = descriptors
  const reason = `${connections} are open, and this process may open ${limit} files (ulimit -n)`
  const tell = (_count: number, last: SocketError) => warn('connections', reasonFor(last, reason))
  return { maxConnections: connections, refusals: new Digest(tell, { untilCalm: true }) }
}

/** The limit that we set ourselves, or what the operating system says. */
function reasonFor(error: SocketError, ourLimit: string): string {
  return codeOf(error) === 'ERR_TOO_MANY_CONNECTIONS' ? ourLimit : reasonOf(error.cause)
}
