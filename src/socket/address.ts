// Addresses of the two ends of a connection, as the sockets API gives them: a host and a port.

/** One end of a connection: a numeric IP address (never IPv4-mapped IPv6) and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/**
 * The host without the IPv6 dress that a dual-stack socket puts on IPv4 clients:
 * `::ffff:127.0.0.1` becomes `127.0.0.1` (RFC 4291, 2.5.5.2); any other host stays as it is.
 */
export function plainHost(host: string): string {
  return IPV4_MAPPED.exec(host)?.[1] ?? host
}

/** `host:port` for a reader; an IPv6 host gets its brackets (RFC 3986): `[::1]:2000`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
