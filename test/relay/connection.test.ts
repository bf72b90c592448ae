// The relay between real peers: every byte, both ways, and every way in which a connection ends.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { codeOf } from '../../src/socket/index.ts'
import {
  failureOf,
  feed,
  loopback,
  moreThanTheKernelHolds,
  numberedBytes,
  portOf,
  type RawPeer,
  rawClient,
  rawServer,
  receive,
  staysPending,
  turns,
} from '../support/sockets.ts'
import { waitUntil, within } from '../support/waiting.ts'
import { cutsOf, endsOf, relayedClient, relayedPair, startRelay } from './support.ts'

/** Bytes for a receiver that does not read; the pattern's length is no power of two. */
const MORE_THAN_THE_KERNEL_HOLDS = Buffer.alloc(moreThanTheKernelHolds, numberedBytes(9973))
const CUT = { min: 1, max: 3 }
const SEED = 7
/** A busy machine merges a tenth of the pieces; here reader, relay and sender share a process, too. */
const MERGED_AT_MOST = 0.25

/** Resolves with the code of the error that breaks the peer's connection. */
async function breaking({ socket, errors }: RawPeer): Promise<string | undefined> {
  socket.resume()
  await waitUntil(() => socket.closed, 'the end of the connection')
  return errors[0]
}

/** What each read of a peer that waits for data brings, up to the end of data. */
async function readsOf({ socket }: RawPeer): Promise<string[]> {
  const reads: string[] = []
  socket.on('data', (chunk: Buffer) => reads.push(chunk.toString('latin1')))
  socket.resume()
  await within(once(socket, 'end'), 'the end of data')
  return reads
}

function expectPromisedPieces(reads: readonly string[], text: string): void {
  expect(reads.join('')).toBe(text)
  const cuts = cutsOf(text.length, SEED, CUT.min, CUT.max)
  expect(cuts).toEqual(expect.arrayContaining(endsOf(reads.map((read) => read.length))))
  expect(reads.length).toBeGreaterThanOrEqual(cuts.length * (1 - MERGED_AT_MOST))
}

describe('a relay', () => {
  it('passes on every byte, in both directions at the same time', async () => {
    const { client, server } = await relayedPair()
    const [question, answer] = [numberedBytes(5_000_000, 1), numberedBytes(5_000_000, 2)]
    const received = [server.collect(), client.collect()]
    client.socket.end(question)
    server.socket.end(answer)
    expect((await received[0])?.equals(question)).toBe(true)
    expect((await received[1])?.equals(answer)).toBe(true)
  })

  it('cuts the stream where the seed says, for any writes, in each direction and connection', async () => {
    const { port: serverPort, accept } = await rawServer()
    const { port } = await startRelay(serverPort, { cut: CUT, seed: SEED, gapMs: 1000 })
    const novel = 'It was a bright cold day in April, and the clocks were striking thirteen.'
    const talk = async (clientSizes: number[], serverSizes: number[]) => {
      const client = await rawClient(port)
      const server = await accept()
      const reads = Promise.all([readsOf(server), readsOf(client)])
      await Promise.all([feed(client, novel, clientSizes), feed(server, novel, serverSizes)])
      for (const read of await reads) expectPromisedPieces(read, novel)
    }
    await talk([1], [novel.length])
    await talk([10], [7, 2, 5])
  })

  it('passes on the end of data, while the other direction goes on', async () => {
    const { client, server } = await relayedPair()
    client.socket.end('a question')
    expect(String(await server.collect())).toBe('a question')
    await turns(20)
    server.socket.end('an answer after the end of data')
    expect(String(await client.collect())).toBe('an answer after the end of data')
    expect(await breaking(client)).toBeUndefined()
    expect(await breaking(server)).toBeUndefined()
  })

  it.each(['client', 'server'] as const)('passes on a reset by the %s', async (who) => {
    const { client, server } = await relayedPair()
    const [breaker, other] = who === 'client' ? [client, server] : [server, client]
    await breaker.reset()
    expect(await breaking(other)).toBe('ECONNRESET')
  })

  it.each([undefined, CUT])('passes on what came before a reset (cut: %j)', async (cut) => {
    const { client, server } = await relayedClient({ cut })
    await server.send('0123456789')
    await server.reset()
    expect(String(await receive(client, 10))).toBe('0123456789')
    expect(codeOf(await failureOf(client.recv(1)))).toBe('ECONNRESET')
  })

  it('resets a server that goes on sending to a client that is gone', async () => {
    const { client, server } = await relayedPair()
    client.socket.destroy()
    const sending = setInterval(() => server.socket.writable && server.socket.write('more'), 5)
    expect(await breaking(server)).toMatch(/ECONNRESET|EPIPE/)
    clearInterval(sending)
  })

  it('stops the sender while the receiver does not read, and loses nothing', async () => {
    const { client, server } = await relayedPair()
    const sent = server.send(MORE_THAN_THE_KERNEL_HOLDS)
    server.end()
    expect(await staysPending(sent)).toBe(true)
    expect((await client.collect()).equals(MORE_THAN_THE_KERNEL_HOLDS)).toBe(true)
  })

  it('ends both connections when a receiver that never read is reset', async () => {
    const { client, server } = await relayedPair()
    const sent = server.send(MORE_THAN_THE_KERNEL_HOLDS).catch(() => {})
    expect(await staysPending(sent)).toBe(true)
    await client.reset()
    expect(await breaking(server)).toMatch(/ECONNRESET|EPIPE/)
  })

  it('resets a server that is stuck in sending, too, when its client is lost', async () => {
    const { client, server } = await relayedPair()
    const stuck = [client, server].map((peer) => peer.send(MORE_THAN_THE_KERNEL_HOLDS))
    for (const sending of stuck) sending.catch(() => {})
    expect(await staysPending(Promise.race(stuck))).toBe(true)
    await client.reset()
    await waitUntil(() => server.errors.length > 0, 'an error at the server')
    expect(server.errors[0]).toMatch(/ECONNRESET|EPIPE/)
  })

  it('serves three hundred clients at the same time', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
    onTestFinished(() => void server.close())
    const { port } = await startRelay(await portOf(server.listen(0, loopback, 300)))
    const clients = Array.from({ length: 300 }, () => connect({ port, host: loopback }))
    for (const [number, client] of clients.entries()) client.end(`client ${number}`)
    const answers = await within(Promise.all(clients.map(text)), 'an answer to each client')
    expect(answers).toEqual(clients.map((_, number) => `client ${number}`))
  })

  it('delays each direction', async () => {
    const { client, server } = await relayedPair({ delayMs: 50 })
    const start = performance.now()
    client.socket.end('question')
    expect(String(await server.collect())).toBe('question')
    const between = performance.now()
    server.socket.end('answer')
    expect(String(await client.collect())).toBe('answer')
    expect(between - start).toBeGreaterThanOrEqual(50)
    expect(performance.now() - between).toBeGreaterThanOrEqual(50)
  })

  it('ends the data after so many bytes towards the client, and closes when the client does', async () => {
    const { client, server } = await relayedPair({ endAfter: 5 })
    await client.send('as many bytes as it likes')
    const sent = server.send(MORE_THAN_THE_KERNEL_HOLDS)
    const firstBytes = MORE_THAN_THE_KERNEL_HOLDS.subarray(0, 5)
    expect(await client.collect()).toEqual(firstBytes)
    await sent
    client.end()
    expect(String(await server.collect())).toBe('as many bytes as it likes')
  })

  it('resets both connections after so many bytes towards the client', async () => {
    const { client, server } = await relayedClient({ resetAfter: 5 })
    await server.send('0123456789')
    expect(String(await receive(client, 5))).toBe('01234')
    expect(codeOf(await failureOf(client.recv(1)))).toBe('ECONNRESET')
    expect(await breaking(server)).toBe('ECONNRESET')
  })

  it('resets every connection when it is interrupted, so that no stream looks whole', async () => {
    const { client, server, end } = await relayedPair({ delayMs: 60_000 })
    await client.send('on its way')
    end()
    expect(await breaking(client)).toBe('ECONNRESET')
    expect(await breaking(server)).toBe('ECONNRESET')
  })
})
