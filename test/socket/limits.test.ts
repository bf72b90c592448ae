// The limits that a caller may set: connections of a listener, silence of a peer; and the count of bytes.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Listener, listen, type SocketError } from '../../src/index.ts'
import {
  failureOf,
  loopback,
  oursAndRaw,
  type RawPeer,
  rawClient,
  rawServer,
  receive,
  sides,
} from '../support/sockets.ts'
import { median, timesOf } from '../support/times.ts'
import { waitUntil } from '../support/waiting.ts'

/** A listener that takes so many, and the refusals that it was told of. */
async function limited(maxConnections: number): Promise<{
  listener: Listener
  refusals: SocketError[]
}> {
  const refusals: SocketError[] = []
  const onRefused = (error: SocketError) => refusals.push(error)
  const listener = await listen({ host: loopback, port: 0, maxConnections, onRefused })
  onTestFinished(() => listener.close())
  return { listener, refusals }
}

function connectTo({ address }: Listener): Promise<RawPeer> {
  return rawClient(address.port)
}

describe('maxConnections', () => {
  test('one more is closed at once, and the caller is told with the address listened on', async () => {
    const { listener, refusals } = await limited(2)
    await Promise.all([connectTo(listener), connectTo(listener)])
    const surplus = await connectTo(listener)
    expect(await surplus.collect()).toHaveLength(0)
    await waitUntil(() => refusals.length === 1, 'a refusal')
    const [refusal] = refusals
    expect(refusal?.code).toBe('ERR_TOO_MANY_CONNECTIONS')
    expect(refusal).toMatchObject({ host: loopback, port: listener.address.port })
    expect(refusal?.message).toContain(`${loopback}:${listener.address.port}`)
  })

  test('counts those that are not accepted yet, and all that are there are accepted', async () => {
    const { listener, refusals } = await limited(2)
    const first = await connectTo(listener)
    await connectTo(listener)
    await (await connectTo(listener)).collect()
    const accepted = [await listener.accept(), await listener.accept()]
    await first.send('a')
    const [socket] = accepted
    expect(String(await socket?.recv(1))).toBe('a')
    expect(refusals.length).toBe(1)
    for (const each of accepted) void each.close()
  })

  test('a connection that was closed makes room for another', async () => {
    const { listener } = await limited(1)
    const first = await connectTo(listener)
    const accepted = await listener.accept()
    first.socket.destroy()
    await accepted.close()
    const second = await connectTo(listener)
    const next = await listener.accept()
    await second.send('b')
    expect(String(await next.recv(1))).toBe('b')
    second.socket.destroy()
    await next.close()
  })

  test('without onRefused the surplus is closed all the same, and accept goes on', async () => {
    const listener = await listen({ host: loopback, port: 0, maxConnections: 1 })
    onTestFinished(() => listener.close())
    const first = await connectTo(listener)
    await (await connectTo(listener)).collect()
    const accepted = await listener.accept()
    await first.send('c')
    expect(String(await accepted.recv(1))).toBe('c')
    first.socket.destroy()
    await accepted.close()
  })

  test.each([0, -1, 1.5, Number.NaN])('%d is a RangeError', async (maxConnections) => {
    const failure = await failureOf(listen({ port: 0, maxConnections }))
    expect(failure).toBeInstanceOf(RangeError)
  })
})

describe('idleTimeoutMs', () => {
  /** A connection that may be silent for so long, and its peer. */
  async function connected(idleTimeoutMs: number) {
    const server = await rawServer()
    const [ours, raw] = await Promise.all([
      connect({ host: loopback, port: server.port, idleTimeoutMs }),
      server.accept(),
    ])
    onTestFinished(async () => {
      raw.socket.destroy()
      await ours.close()
    })
    return { ours, raw }
  }

  test('a read of a silent peer rejects with ETIMEDOUT, and says who and how long', async () => {
    const { ours } = await connected(100)
    const begin = performance.now()
    const failure = (await failureOf(ours.recv(10))) as SocketError
    expect(performance.now() - begin).toBeGreaterThan(95)
    expect(failure.code).toBe('ETIMEDOUT')
    expect(failure.message).toContain(
      `:${ours.remoteAddress.port} has neither sent nor taken a byte for 0.1 s`,
    )
    expect(failure).toMatchObject(ours.remoteAddress)
  })

  test('leaves the connection as it is: what comes later is there, sending works', async () => {
    const { ours, raw } = await connected(100)
    await failureOf(ours.makeFile().readLine())
    await raw.send('late\n')
    expect(await ours.makeFile().readLine()).toBe('late\n')
    await ours.sendAll('answer')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('answer')
  })

  test('counts from the last byte, also within one read', async () => {
    const { ours, raw } = await connected(4000)
    const reading = ours.makeFile().readLine()
    const line = 'a line, by letter\n'
    // Together longer than the limit; each pause is shorter by far, also on a busy machine.
    expect(line.length * 250).toBeGreaterThan(4000)
    for (const letter of line) {
      await raw.send(letter)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect(await reading).toBe(line)
  })

  test('a peer that was waited for in vain is not waited for by the close', async () => {
    const waiting = await Promise.all([connected(50), connected(50), connected(50)])
    await Promise.all(waiting.map(({ ours }) => failureOf(ours.recv(10))))
    const times = await timesOf(waiting.length, (index) => waiting[index]?.ours.close())
    // The close of another socket lingers for two seconds, each time.
    expect(median(times)).toBeLessThan(1900)
  })

  test('says nothing when nobody reads', async () => {
    const { ours, raw } = await connected(50)
    await new Promise((resolve) => setTimeout(resolve, 150))
    await raw.send('x')
    expect(String(await ours.recv(1))).toBe('x')
  })

  test.each([-1, Number.NaN])('%d is a RangeError', async (idleTimeoutMs) => {
    const failure = await failureOf(connect({ host: loopback, port: 1, idleTimeoutMs }))
    expect(failure).toBeInstanceOf(RangeError)
  })
})

describe.each(sides)('bytesReceived of the side that has %s', (side) => {
  test('counts what has arrived, read or not, and is kept after the close', async () => {
    const { ours, raw } = await oursAndRaw(side)
    expect(ours.bytesReceived).toBe(0)
    await raw.send('twelve bytes')
    expect(String(await receive(ours, 6))).toBe('twelve')
    await waitUntil(() => ours.bytesReceived === 12, 'twelve bytes')
    const gone = once(raw.socket, 'close')
    raw.socket.destroy()
    await Promise.all([gone, ours.close()])
    expect(ours.bytesReceived).toBe(12)
  })
})
