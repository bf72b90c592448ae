// The clients of str-server: who is ready, who has to take a reply first, and who has left.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen, Selector, type TcpSocket } from '../../src/index.ts'
import { Clients } from '../../src/str/clients.ts'
import { Polling } from '../../src/str/polling.ts'
import { turn } from '../support/sockets.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

async function ourListener(idleTimeoutMs?: number) {
  const listener = await listen({ host: '127.0.0.1', port: 0, idleTimeoutMs })
  onTestFinished(() => listener.close())
  return listener
}

/** Resolves with the next letter of a client, once that is ready. */
async function letterOf(client: TcpSocket, clients: Clients): Promise<string> {
  const letter = await waitUntil(async () => {
    return (await clients.ready()).includes(client) && client.tryRecv(1)
  }, 'a client that is ready')
  return String(letter)
}

describe.each([
  ['a Selector', () => new Selector()],
  ['Polling', () => new Polling()],
])('with %s', (_, newPoll) => {
  async function setUp(idleTimeoutMs?: number) {
    const reports: unknown[][] = []
    const served: Promise<void>[] = []
    const listener = await ourListener(idleTimeoutMs)
    const serve = async (client: TcpSocket, work: () => Promise<void>) => {
      const report = (error?: unknown) => reports.push([client, error])
      const closed = work()
        .then(report, report)
        .then(() => client.close())
      served.push(closed)
      await closed
    }
    const clients = new Clients(newPoll(), serve)
    onTestFinished(async () => {
      clients.leaveAll()
      await Promise.all(served)
    })
    const accept = async () => {
      const client = await listener.accept()
      clients.add(client)
      return client
    }
    return { listener, clients, reports, served, accept }
  }

  test('a client that has sent a letter is ready, and stays so until it is read', async () => {
    const { listener, clients, accept } = await setUp()
    const [talking, silent] = [
      await connectRaw(listener.address.port),
      await connectRaw(listener.address.port),
    ]
    const client = await accept()
    await accept()
    await talking.send('ab')
    expect(await letterOf(client, clients)).toBe('a')
    expect(await letterOf(client, clients)).toBe('b')
    expect(client.tryRecv(1)).toBeUndefined()
    expect(silent.received).toHaveLength(0)
  })

  test('one that does not take its reply is not ready again until it has', async () => {
    const { listener, clients, accept } = await setUp()
    const raw = await connectUnread(listener.address.port)
    const client = await accept()
    raw.write('ab')
    expect(await letterOf(client, clients)).toBe('a')
    const reply = Buffer.alloc(16_000_000)
    expect(clients.reply(client, reply)).toBe(false)
    // Another is there, so that a Selector does not wait for ever.
    const other = await connectRaw(listener.address.port)
    await accept()
    await other.send('c')
    for (let turns = 0; turns < 50; turns++) expect(await clients.ready()).not.toContain(client)
    raw.resume()
    expect(await letterOf(client, clients)).toBe('b')
  })

  test('one that takes no more of small replies is given up after the idle time', async () => {
    const { listener, clients, reports, accept } = await setUp(100)
    await connectUnread(listener.address.port)
    const client = await accept()
    // It is the operating system's answer to the last reply that tells: then there is no next one.
    while (!client.isSending) {
      expect(clients.reply(client, Buffer.alloc(5000))).toBe(true)
      await turn()
    }
    await waitUntil(() => reports.length === 1, 'the report')
    expect(reports).toEqual([[client, expect.objectContaining({ code: 'ETIMEDOUT' })]])
    expect(clients.size).toBe(0)
  })

  test('one that leaves is closed and reported, with the error that it was lost by', async () => {
    const { listener, clients, reports, served, accept } = await setUp()
    const raw = await connectRaw(listener.address.port)
    const client = await accept()
    expect(clients.size).toBe(1)
    const lost = new Error('lost')
    clients.leave(client, lost)
    expect(clients.size).toBe(0)
    await raw.untilEnd()
    raw.shutdown()
    await Promise.all(served)
    expect(reports).toEqual([[client, lost]])
    expect(() => client.tryRecv(1)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }))
  })

  test('whoever connects is added, until the listener is closed', async () => {
    const { listener, clients } = await setUp()
    const adding = clients.addAllFrom(listener)
    await connectRaw(listener.address.port)
    await connectRaw(listener.address.port)
    await waitUntil(() => clients.size === 2, 'both clients')
    await listener.close()
    await adding
  })

  test('one whose connection is closed is ready, also with a reply on its way: a read tells', async () => {
    const { listener, clients, accept } = await setUp()
    await connectRaw(listener.address.port)
    const stuck = await connectUnread(listener.address.port)
    const waiting = await accept()
    const owed = await accept()
    expect(clients.reply(owed, Buffer.alloc(16_000_000))).toBe(false)
    for (const client of [waiting, owed]) void client.close()
    const ready = await waitUntil(async () => {
      const found = await clients.ready()
      return found.length === 2 ? found : undefined
    }, 'both')
    expect(new Set(ready)).toEqual(new Set([waiting, owed]))
    for (const client of ready) {
      expect(() => client.tryRecv(1)).toThrow(
        expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }),
      )
    }
    stuck.destroy()
    await once(stuck, 'close')
  })
})
