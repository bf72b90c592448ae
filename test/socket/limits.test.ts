// The limit on a listener's connections, and the count of what has arrived.
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Listener, listen, type SocketError } from '../../src/index.ts'
import {
  failureOf,
  loopback,
  oursAndRaw,
  type RawPeer,
  rawClient,
  receive,
  sides,
} from '../support/sockets.ts'
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
