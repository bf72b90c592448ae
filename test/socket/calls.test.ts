// The calls of the socket layer as they are published: what each says, and the streams they add up to.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CALL_CHANNEL, type Call } from '../../src/calls.ts'
import { connect, listen } from '../../src/index.ts'
import { failureOf, loopback, ourPair, receiveAll } from '../support/sockets.ts'

/** All calls from now on, of both ends: they are in one process here. */
function watchCalls(): Call[] {
  const calls: Call[] = []
  const add = (call: unknown) => calls.push(call as Call)
  subscribe(CALL_CHANNEL, add)
  onTestFinished(() => {
    unsubscribe(CALL_CHANNEL, add)
  })
  return calls
}

const named = (calls: Call[], name: string) => calls.filter((call) => call.name === name)

describe('a connection', () => {
  test('is told from its listen to its close, with the addresses of both ends', async () => {
    const calls = watchCalls()
    const listener = await listen({ host: loopback, port: 0 })
    const [client, server] = await Promise.all([connect(listener.address), listener.accept()])
    await client.sendAll('abc')
    await server.recv(10)
    client.shutdown()
    await server.recv(10)
    await Promise.all([client.close(), server.close(), listener.close()])

    const names = calls.map((call) => call.name)
    expect(names.slice(0, 1)).toEqual(['listen'])
    expect(names.slice(1, 3).sort()).toEqual(['accept', 'connect'])
    expect(names.slice(3, 7)).toEqual(['sendAll', 'recv', 'shutdown', 'recv'])
    expect(names.slice(7)).toEqual(['close', 'close', 'close'])
    const [connected] = named(calls, 'connect')
    const [accepted] = named(calls, 'accept')
    expect(connected?.subject.local).toEqual(client.localAddress)
    expect(connected?.subject.local).toEqual(accepted?.subject.remote)
    expect(connected?.subject.remote).toEqual(accepted?.subject.local)
    for (const call of calls) expect(call.returnedAt).toBeGreaterThanOrEqual(call.startedAt)
  })

  test('has bytes, offset and the first bytes in what is sent and received', async () => {
    const { client, server } = await ourPair()
    const calls = watchCalls()
    const long = 'x'.repeat(100)
    await client.sendAll('abc')
    await client.sendAll(long)
    await server.recv(2)
    expect(server.tryRecv(1)?.toString()).toBe('c')
    await server.makeFile().read(100)
    await client.close()
    await server.recv(1)
    const transfers = calls
      .filter((call) => call.transfer !== undefined)
      .map(({ name, transfer }) => [name, transfer?.offset, transfer?.bytes, `${transfer?.head}`])
    const head = 'x'.repeat(32)
    expect(transfers).toEqual([
      ['sendAll', 0, 3, 'abc'],
      ['sendAll', 3, 100, head],
      ['recv', 0, 2, 'ab'],
      ['tryRecv', 2, 1, 'c'],
      ['read', 3, 100, head],
      ['recv', 103, 0, ''],
    ])
  })
})

test('a call that fails has its error, and a nonblocking one that finds nothing says so', async () => {
  const { client, server } = await ourPair()
  const calls = watchCalls()
  expect(server.tryRecv(1)).toBe(undefined)
  await server.close()
  await failureOf(server.recv(1))
  await failureOf(server.sendAll('x'))
  await client.close()
  expect(named(calls, 'tryRecv')).toMatchObject([{ wouldBlock: true }])
  expect(named(calls, 'recv')).toMatchObject([{ error: { code: 'ERR_SOCKET_CLOSED' } }])
  expect(named(calls, 'sendAll')).toMatchObject([{ error: { code: 'ERR_SOCKET_CLOSED' } }])
})

test('the lines of a loop are told one by one, and what is left of them is not', async () => {
  const { client, server } = await ourPair()
  const calls = watchCalls()
  await client.sendAll('one\ntwo\nthree\n')
  for await (const line of server.makeFile()) {
    if (line === 'two\n') break
  }
  expect((await server.recv(100)).toString()).toBe('three\n')
  const taken = calls.filter(({ name }) => name !== 'sendAll')
  expect(taken.map(({ name, transfer }) => [name, transfer?.offset, transfer?.bytes])).toEqual([
    ['readLine', 0, 4],
    ['readLine', 4, 4],
    ['recv', 8, 6],
  ])
  await Promise.all([client.close(), server.close()])
})

test('under any chunking, the bytes received follow one another and are those sent', async () => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 300 })
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 })
  const check = async (pieces: Uint8Array[], maxBytes: number[]) => {
    const { client, server } = await ourPair()
    const calls: Call[] = []
    const add = (call: unknown) => calls.push(call as Call)
    subscribe(CALL_CHANNEL, add)
    try {
      const sending = (async () => {
        for (const bytes of pieces) await client.sendAll(bytes)
        client.shutdown()
      })()
      for (let i = 0; ; i++) {
        const bytes = await server.recv(maxBytes[i % maxBytes.length] ?? 1)
        if (bytes.length === 0) break
      }
      await sending
    } finally {
      unsubscribe(CALL_CHANNEL, add)
      await Promise.all([client.close(), server.close()])
    }
    for (const name of ['sendAll', 'recv']) {
      let end = 0
      for (const { transfer } of named(calls, name)) {
        expect(transfer?.offset).toBe(end)
        end += transfer?.bytes ?? 0
      }
      expect(end).toBe(Buffer.concat(pieces).length)
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), sizes, check), {
    numRuns: 30,
  })
})

test('without anybody who listens nothing is noted, and everything works', async () => {
  const { client, server } = await ourPair()
  await client.sendAll('abc')
  client.shutdown()
  expect((await receiveAll(server)).toString()).toBe('abc')
  await Promise.all([client.close(), server.close()])
})
