// The system's table of TCP sockets, as text and as it is.
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { lookUpTcp } from '../../src/watch/tcp-look-up.ts'
import { findInTable } from '../../src/watch/tcp-table.ts'
import { hasFile } from '../support/requirements.ts'

const rest = '00000000:00000000 00:00000000 00000000     0        0'
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:07D0 00000000:0000 0A ${rest} 100 1 0000 100 0 0 10 0
   1: 0100007F:9C40 0100007F:07D0 01 ${rest} 101 1 0000 20 4 30 10 -1
`
const table6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:07D0 000080FE000000000000000001000200:9C40 01 ${rest} 102 1
   1: 0000000000000000FFFF00000100007F:07D0 0000000000000000FFFF00000200007F:9C40 01 ${rest} 103 1
`

test('an inode of a listener has a local address, one of a connection both', () => {
  expect(Object.fromEntries(findInTable(table, new Set(['100', '101'])))).toEqual({
    100: { local: { host: '127.0.0.1', port: 2000 }, remote: undefined },
    101: { local: { host: '127.0.0.1', port: 40_000 }, remote: { host: '127.0.0.1', port: 2000 } },
  })
  expect(findInTable(table, new Set(['999'])).size).toBe(0)
  expect(findInTable('', new Set(['100'])).size).toBe(0)
})

test('IPv6 is in its shortest form, and IPv4 through IPv6 is IPv4', () => {
  expect(Object.fromEntries(findInTable(table6, new Set(['102', '103'])))).toEqual({
    102: { local: { host: '::1', port: 2000 }, remote: { host: 'fe80::2:1', port: 40_000 } },
    103: { local: { host: '127.0.0.1', port: 2000 }, remote: { host: '127.0.0.2', port: 40_000 } },
  })
})

test.runIf(hasFile('/proc/self/net/tcp', "the system's table"))(
  'the inode of a connection of our own is found, and one of a process that is gone is not',
  async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const accepted = once(server, 'connection')
    await once(client, 'connect')
    const [peer] = (await accepted) as [Socket]
    onTestFinished(() => {
      client.destroy()
      peer.destroy()
      server.close()
    })
    const { fd } = Object(client)._handle as { fd: number }
    const [inode = ''] = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? []
    const { localAddress: host, localPort: port } = client
    const local = { host, port }
    expect(lookUpTcp([process.pid], new Set([inode])).get(inode)?.local).toEqual(local)
    expect(lookUpTcp([2 ** 22 + 1], new Set([inode])).size).toBe(0)
  },
)
