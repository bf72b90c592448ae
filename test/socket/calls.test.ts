// The calls of the socket layer as they are published: what each says, and the streams they add up to.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  CALL_CHANNEL,
  CALL_START_CHANNEL,
  type Call,
  connect,
  listen,
  type TcpSocket,
} from '../../src/index.ts'
import {
  failureOf,
  loopback,
  moreThanTheKernelHolds,
  ourPair,
  readable,
  receiveAll,
  turn,
} from '../support/sockets.ts'

/** All calls from now on, of both ends: they are in one process here. */
function watchCalls(channel = CALL_CHANNEL): Call[] {
  const calls: Call[] = []
  const add = (call: unknown) => calls.push(call as Call)
  subscribe(channel, add)
  onTestFinished(() => {
    unsubscribe(channel, add)
  })
  return calls
}

const named = (calls: Call[], name: string) => calls.filter(({ call }) => call === name)
const transfersOf = (calls: Call[]) =>
  calls
    .filter(({ bytes }) => bytes !== undefined)
    .map(({ call, offset, bytes, head }) => [call, offset, bytes, `${head}`])

/** Expects that the transfers follow one another from the stream's first byte. Returns its length. */
function expectOneStream(calls: Call[]): number {
  let end = 0
  for (const { bytes = 0, offset } of calls) {
    if (offset !== undefined) expect(offset).toBe(end)
    end += bytes
  }
  return end
}

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

    const names = calls.map(({ call }) => call)
    expect(names.slice(0, 1)).toEqual(['listen'])
    expect(names.slice(1, 3).sort()).toEqual(['accept', 'connect'])
    expect(names.slice(3, 7)).toEqual(['sendAll', 'recv', 'shutdown', 'recv'])
    expect(names.slice(7)).toEqual(['close', 'close', 'close'])
    const [connected] = named(calls, 'connect')
    const [accepted] = named(calls, 'accept')
    expect(connected?.local).toEqual(client.localAddress)
    expect(connected?.local).toEqual(accepted?.remote)
    expect(connected?.remote).toEqual(accepted?.local)
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
    client.shutdown()
    await server.recv(1)
    const head = 'x'.repeat(32)
    expect(transfersOf(calls)).toEqual([
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
  await Promise.all([server.close(), client.close()])
  await failureOf(server.recv(1))
  await failureOf(server.sendAll('x'))
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
  const taken = calls.filter(({ call }) => call !== 'sendAll')
  expect(taken.map(({ call, offset, bytes }) => [call, offset, bytes])).toEqual([
    ['readLine', 0, 4],
    ['readLine', 4, 4],
    ['recv', 8, 6],
  ])
})

test('lines that are asked for together are told one by one', async () => {
  const { client, server } = await ourPair()
  const calls = watchCalls()
  await client.sendAll('one\nthree\nfive 5\n')
  client.shutdown()
  await readable(server)
  const lines = server.makeFile()[Symbol.asyncIterator]()
  await Promise.all(Array.from({ length: 4 }, () => lines.next()))
  const told = named(calls, 'readLine').map(({ offset, bytes, head }) => [offset, bytes, `${head}`])
  expect(told).toEqual([
    [0, 4, 'one\n'],
    [4, 6, 'three\n'],
    [10, 7, 'five 5\n'],
    [17, 0, ''],
  ])
})

test('calls are told in the order of their bytes, though the first of them had to wait', async () => {
  const { client, server } = await ourPair()
  const calls = watchCalls()
  const sent = [client.sendAll(Buffer.alloc(moreThanTheKernelHolds)), client.sendAll('x')]
  await turn()
  await server.recv(1_000_000)
  const drained = receiveAll(server)
  await Promise.all(sent)
  client.shutdown()
  await drained
  expect(expectOneStream(named(calls, 'sendAll'))).toBe(moreThanTheKernelHolds + 1)
})

test('a sendAll that waits behind lines is told when it is called, and where its bytes are', async () => {
  const { client, server } = await ourPair()
  const begun = watchCalls(CALL_START_CHANNEL)
  const calls = watchCalls()
  const lines = client.makeFile().writeLines([Buffer.alloc(moreThanTheKernelHolds)])
  await turn()
  const behind = client.sendAll('x')
  expect(named(begun, 'sendAll')).toHaveLength(2)
  client.shutdown()
  await receiveAll(server)
  await Promise.all([lines, behind])
  const sent = named(calls, 'sendAll')
  expect(expectOneStream(sent)).toBe(moreThanTheKernelHolds + 1)
  expect(sent.at(-1)).toBe(named(begun, 'sendAll').at(-1))
})

describe.each(['watched', 'not watched'])('a loop over lines that is %s', (how) => {
  async function twoLines() {
    const { client, server } = await ourPair()
    const calls = how === 'watched' ? watchCalls() : []
    const lines = server.makeFile()[Symbol.asyncIterator]()
    const send = async () => {
      await client.sendAll('a\nb\n')
      await readable(server)
    }
    const told = () => named(calls, 'readLine').map(({ offset, bytes }) => [offset, bytes])
    return { client, server, lines, send, told }
  }

  test('is the reader as soon as its first line is asked for', async () => {
    const { server, lines, send } = await twoLines()
    await send()
    const [line, failure] = [lines.next(), failureOf(server.recv(10))]
    expect(await line).toEqual({ done: false, value: 'a\n' })
    expect(await failure).toMatchObject({ code: 'ERR_READER_WAITING' })
  })

  test('hands out the line that was asked for before it is left', async () => {
    const { server, lines, send, told } = await twoLines()
    await send()
    const line = lines.next()
    await lines.return?.()
    expect(await line).toEqual({ done: false, value: 'a\n' })
    expect(String(await server.recv(10))).toBe('b\n')
    if (how === 'watched') expect(told()).toEqual([[0, 2]])
  })

  test('hands out the line that it waited for, though it is being left', async () => {
    const { server, lines, send, told } = await twoLines()
    const line = lines.next()
    const left = lines.return?.()
    await send()
    expect(await line).toEqual({ done: false, value: 'a\n' })
    await left
    expect(String(await server.recv(10))).toBe('b\n')
    if (how === 'watched') expect(told()).toEqual([[0, 2]])
  })

  test('tells the end of data once, and nothing when it is over', async () => {
    const { client, lines, send, told } = await twoLines()
    await send()
    client.shutdown()
    for (const done of [false, false, true, true, true]) {
      expect((await lines.next()).done).toBe(done)
    }
    const all = [
      [0, 2],
      [2, 2],
      [4, 0],
    ]
    if (how === 'watched') expect(told()).toEqual(all)
  })
})

test('the calls of two sockets are told apart, and each is published once on each channel', async () => {
  const begun = watchCalls(CALL_START_CHANNEL)
  const calls = watchCalls()
  const { client, server } = await ourPair()
  const talk = async (socket: TcpSocket, word: string) => {
    await socket.sendAll(word)
    socket.shutdown()
    await receiveAll(socket)
    await socket.close()
  }
  await Promise.all([talk(client, 'ping'), talk(server, 'pong!')])
  expect(new Set(calls).size).toBe(calls.length)
  expect(new Set(begun)).toEqual(new Set(calls))
  expect(begun.length).toBe(calls.length)
  for (const [local, sent, received] of [
    [client.localAddress, 4, 5],
    [server.localAddress, 5, 4],
  ] as const) {
    const own = calls.filter((call) => call.local?.port === local.port && call.remote !== undefined)
    expect(new Set(own.map(({ socket }) => socket)).size).toBe(1)
    expect(expectOneStream(named(own, 'sendAll'))).toBe(sent)
    expect(expectOneStream(named(own, 'recv'))).toBe(received)
  }
})

test('no offset repeats after a readLines that rejects and a loop that is left', async () => {
  const { client, server } = await ourPair()
  const calls = watchCalls()
  await client.sendAll('one\ntwo\na line too long\nthree\n')
  client.shutdown()
  await readable(server)
  const file = server.makeFile({ maxLineBytes: 5 })
  expect(await failureOf(file.readLines())).toMatchObject({ code: 'ERR_LINE_TOO_LONG' })
  for await (const line of file) if (line === 'one\n') break
  for await (const batch of file.batches()) {
    expect(batch).toEqual(['two\n'])
    break
  }
  await receiveAll(server)
  const [failed, ...taken] = calls.filter(({ call }) => call !== 'sendAll' && call !== 'shutdown')
  expect(failed).toMatchObject({ call: 'readLines', error: { code: 'ERR_LINE_TOO_LONG' } })
  expect(failed).not.toHaveProperty('bytes')
  expect(taken.map(({ call }) => call)).toEqual(['readLine', 'readLines', 'recv', 'recv'])
  expect(expectOneStream(taken)).toBe(30)
})

test('a loop over lines goes on with the same bytes when it is watched from its middle, and no more', async () => {
  const { client, server } = await ourPair()
  const lines = server.makeFile()[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value
  await client.sendAll('one\ntw')
  expect(await next()).toBe('one\n')
  const calls: Call[] = []
  const add = (call: unknown) => calls.push(call as Call)
  subscribe(CALL_CHANNEL, add)
  try {
    await client.sendAll('o\nthree\nfo')
    expect(await next()).toBe('two\n')
    expect(await next()).toBe('three\n')
  } finally {
    unsubscribe(CALL_CHANNEL, add)
  }
  await client.sendAll('ur\n')
  expect(await next()).toBe('four\n')
  const offsets = named(calls, 'readLine').map(({ offset, bytes }) => [offset, bytes])
  expect(offsets).toEqual([
    [4, 4],
    [8, 6],
  ])
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
    const length = Buffer.concat(pieces).length
    expect(expectOneStream(named(calls, 'sendAll'))).toBe(length)
    expect(expectOneStream(named(calls, 'recv'))).toBe(length)
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
