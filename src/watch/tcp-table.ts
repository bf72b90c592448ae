// The kernel's table of TCP sockets, which knows the addresses of a socket by its inode: proc(5).
import type { Address } from '../calls.ts'
import type { Ends } from './addresses.ts'

const LOCAL_COLUMN = 1
const REMOTE_COLUMN = 2
const INODE_COLUMN = 9
const BYTES_PER_WORD = 4
const IPV4_BYTES = 4
const IPV4_MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

/** Finds the addresses of these inodes in the text of /proc/PID/net/tcp or tcp6. */
export function findInTable(table: string, inodes: ReadonlySet<string>): Map<string, Ends> {
  const found = new Map<string, Ends>()
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/ +/)
    const inode = columns[INODE_COLUMN]
    if (inode === undefined || !inodes.has(inode)) continue
    const local = addressOf(columns[LOCAL_COLUMN])
    const remote = addressOf(columns[REMOTE_COLUMN])
    found.set(inode, { local, remote })
  }
  return found
}

/** `0100007F:07D0` is 127.0.0.1:2000; port 0, as of a listener's other end, is no address. */
function addressOf(column = ''): Address | undefined {
  const [host = '', port = ''] = column.split(':')
  const number = Number.parseInt(port, 16)
  return number > 0 ? { host: hostOf(Buffer.from(host, 'hex')), port: number } : undefined
}

/** Each word of 32 bits is in the machine's own byte order: little-endian where Node.js runs. */
function hostOf(words: Buffer): string {
  const bytes = Buffer.from(words)
  for (let start = 0; start < bytes.length; start += BYTES_PER_WORD) {
    bytes.subarray(start, start + BYTES_PER_WORD).reverse()
  }
  const isIpv4 = bytes.length === IPV4_BYTES || bytes.indexOf(IPV4_MAPPED) === 0
  if (isIpv4) return bytes.subarray(-IPV4_BYTES).join('.')
  const groups = bytes.toString('hex').match(/.{4}/g) ?? []
  // A URL writes an IPv6 address in its shortest form (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
