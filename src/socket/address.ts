// Addresses of the two ends of a connection, as the sockets API gives them: a host and a port.
import type { Address } from '../calls.ts'

export type { Address }

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/**
 * Returns the host without the IPv6 form that a dual-stack socket gives IPv4 clients:
 * `::ffff:127.0.0.1` becomes `127.0.0.1` (RFC 4291, 2.5.5.2); any other host stays as it is.
 */
export function plainHost(host: string): string {
  return IPV4_MAPPED.exec(host)?.[1] ?? host
}

/** Returns an end of a connection. A peer that has reset it before it was accepted has none. */
export function addressOf(host = 'unknown', port = 0): Address {
  return { host: plainHost(host), port }
}

/** Returns `host:port`; an IPv6 host gets its brackets (RFC 3986): `[::1]:2000`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
