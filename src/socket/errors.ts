// What goes wrong on a socket: errors in the shape of Node's own, with the address that they are about.
import { getSystemErrorMap } from 'node:util'
import { type Address, formatAddress } from './address.ts'

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
  readonly code = 'ERR_LINE_TOO_LONG'
  readonly maxLineBytes: number

  constructor(maxLineBytes: number) {
    super(`a line is longer than the limit of ${maxLineBytes} bytes`)
    this.maxLineBytes = maxLineBytes
  }
}

/** Returns the code of an error from Node, or `fallback` if it has none. */
export function codeOf(error: unknown, fallback = 'ERR_UNKNOWN'): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : fallback
}

/** Returns the operating system's own words for an error: `connection refused`. */
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

/** Returns an error with a code, as Node's own have one. */
export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Returns Node's error, told with the address that it is about; the code stays. */
export function socketError(
  what: 'cannot connect to' | 'cannot listen on' | 'cannot accept on' | 'lost the connection to',
  address: Address,
  cause: unknown,
): SocketError {
  const message = `${what} ${formatAddress(address)}: ${reasonOf(cause)}`
  return new SocketError(codeOf(cause), message, address, { cause })
}

/** Returns the error of every call on a socket or listener that this program has closed. */
export function closedError(what: string, address: Address, cause?: unknown): SocketError {
  const message = `the ${what} ${formatAddress(address)} is closed`
  return new SocketError('ERR_SOCKET_CLOSED', message, address, { cause })
}

/** Returns the error of a call that has waited too long for the peer. */
export function idleError(address: Address, ms: number): SocketError {
  const message = `${formatAddress(address)} has neither sent nor taken a byte for ${ms / 1000} s`
  return new SocketError('ETIMEDOUT', message, address)
}

/** Returns what a second reader gets: which of the two would get which bytes? */
export function readerWaitingError(what: string): Error {
  return codedError('ERR_READER_WAITING', `another reader is already waiting on this ${what}`)
}
