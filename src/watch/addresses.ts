// Addresses, as strace prints them.
import type { Address } from '../calls.ts'
import { textOf } from './arguments.ts'

/** What strace says of a descriptor that is a TCP socket, before it has addresses and with them. */
const TCP_FILE = /^(?:TCP|TCPv6):\[(.*)\]$/
const INODE = /^\w+:\[(\d+)\]$/
const ENDS = /^(\[?[\da-f.:]+\]?:\d+)(?:->(\[?[\da-f.:]+\]?:\d+))?$/

/** What is known of a socket's addresses. */
export interface Ends {
  readonly local?: Address | undefined
  readonly remote?: Address | undefined
}

export function isTcp(file: string | undefined): boolean {
  return TCP_FILE.test(file ?? '')
}

/** The addresses in `TCP:[127.0.0.1:2000->127.0.0.1:40312]`; none in `TCP:[64064]`. */
export function endsOf(file: string): Ends {
  const [, local, remote] = ENDS.exec(TCP_FILE.exec(file)?.[1] ?? '') ?? []
  return {
    local: local ? addressOf(local) : undefined,
    remote: remote ? addressOf(remote) : undefined,
  }
}

/** The inode in `TCP:[64064]`, by which the kernel's tables name the socket. */
export function inodeOf(file: string): string | undefined {
  return INODE.exec(file)?.[1]
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host: plainHost(host), port: Number(text.slice(colon + 1)) }
}

/** IPv4 that comes through an IPv6 socket is shown as IPv4. */
function plainHost(host: string): string {
  return host.replace(/^::ffff:(?=\d+\.)/, '')
}

const SOCKET_ADDRESS = /sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )("[^"]*")/

/** The address in `{sa_family=AF_INET, sin_port=htons(2000), sin_addr=inet_addr("…")}`. */
export function socketAddressOf(arg: string | undefined): Address | undefined {
  const [, port, host] = SOCKET_ADDRESS.exec(arg ?? '') ?? []
  return port === undefined ? undefined : { host: plainHost(textOf(host)), port: Number(port) }
}
