// What goes wrong on a socket: errors in the shape of Node's own (a code), with the address they are about.
import { getSystemErrorMap } from 'node:util'
import { type Address, formatAddress } from './address.ts'

/** The codes that the layer adds to the operating system's. */
const ERR_SOCKET_CLOSED = 'ERR_SOCKET_CLOSED'
const ERR_READER_WAITING = 'ERR_READER_WAITING'
const ERR_LINE_TOO_LONG = 'ERR_LINE_TOO_LONG'
const ERR_TOO_MANY_CONNECTIONS = 'ERR_TOO_MANY_CONNECTIONS'

/**
 * An error of a connection or a listening socket.
 *
 * `code` is the operating system's (`ECONNRESET`), the resolver's (`ENOTFOUND`) or the layer's
 * (`ERR_SOCKET_CLOSED`); `host` and `port` are the address as the caller gave it, or the peer's.
 */
export class SocketError extends Error {
  override readonly name = 'SocketError'
  readonly code: string
  readonly host: string
  readonly port: number

  constructor(code: string, message: string, { host, port }: Address, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.host = host
    this.port = port
  }
}

/** A line longer than `maxLineBytes` (`ERR_LINE_TOO_LONG`); the message names the limit. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError'
  readonly code = ERR_LINE_TOO_LONG
  readonly maxLineBytes: number

  constructor(maxLineBytes: number) {
    super(`a line is longer than the limit of ${maxLineBytes} bytes`)
    this.maxLineBytes = maxLineBytes
  }
}

/** What an error of the operating system meant for us, as the message begins. */
export type Mishap =
  | 'cannot connect to'
  | 'cannot listen on'
  | 'cannot accept on'
  | 'lost the connection to'

/** The code of an error from Node, or `fallback` where it has none. */
export function codeOf(error: unknown, fallback = 'ERR_UNKNOWN'): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : fallback
}

/** The operating system's own words for an error: `connection refused`. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error, '')
  if (code === 'ENOTFOUND') return 'host not found'
  if (code === 'ETIMEDOUT') return 'timed out'
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    const words = getSystemErrorMap().get(error.errno)?.[1]
    if (words !== undefined) return words
  }
  return error instanceof Error && error.message !== '' ? error.message : code || String(error)
}

/** Node's error, retold with the address that it is about; its code is kept. */
export function socketError(mishap: Mishap, address: Address, cause: unknown): SocketError {
  if (cause instanceof SocketError) return cause
  const message = `${mishap} ${formatAddress(address)}: ${reasonOf(cause)}`
  return new SocketError(codeOf(cause), message, address, { cause })
}

/** The answer to every call on a socket or listener that this program has closed. */
export function closedError(what: string, address: Address, cause?: unknown): SocketError {
  const message = `the ${what} ${formatAddress(address)} is closed`
  return new SocketError(ERR_SOCKET_CLOSED, message, address, { cause })
}

/** A connection that was closed at once, for as many as may be are open. */
export function tooManyError(address: Address): SocketError {
  const message = `cannot accept on ${formatAddress(address)}: too many connections are open`
  return new SocketError(ERR_TOO_MANY_CONNECTIONS, message, address)
}

/** A peer that was waited for longer than the caller allowed. */
export function idleError(address: Address, ms: number): SocketError {
  const message = `${formatAddress(address)} has sent nothing for ${ms / 1000} s`
  return new SocketError('ETIMEDOUT', message, address)
}

/** Two readers at once: a mistake of the caller's, for who would get which bytes? */
export function readerWaitingError(what: string): Error {
  const error = new Error(`another reader is already waiting on this ${what}`)
  return Object.assign(error, { code: ERR_READER_WAITING })
}
