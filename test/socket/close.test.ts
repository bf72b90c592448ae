// close: the peer gets every byte, nobody waits for ever, and the descriptor is gone afterwards.
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LineSplitter, Selector, type TcpSocket } from '../../src/index.ts'
import {
  failureOf,
  moreThanTheKernelHolds,
  numberedBytes,
  ourPair,
  oursAndRaw,
  pieces,
  type RawPeer,
  readable,
  sides,
  staysPending,
  turns,
} from '../support/sockets.ts'
import { waitUntil, within } from '../support/waiting.ts'

/** Far beyond the 2 s that a close may take, for a loaded machine, and far below a hang. */
const closeLimitMs = 12_000
const closed = { code: 'ERR_SOCKET_CLOSED' }

/** Connections that this process holds open. */
function openConnections(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

describe.each(sides)('close on the side that %s', (side) => {
  test('the peer gets the end of data, and the descriptor is gone when it resolves', async () => {
    const before = openConnections()
    const { ours, raw } = await oursAndRaw(side)
    expect(openConnections()).toBe(before + 2)
    raw.socket.resume()
    raw.socket.on('end', () => raw.end())
    const rawClosed = once(raw.socket, 'close')
    await ours.close()
    await rawClosed
    await waitUntil(() => openConnections() <= before, 'two closed descriptors')
  })

  test('nothing is left open at the moment when it resolves', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const rawClosed = once(raw.socket, 'close')
    raw.socket.destroy()
    await rawClosed
    await turns(3)
    const before = openConnections()
    await ours.close()
    expect(openConnections()).toBe(before - 1)
  })

  test('again is harmless, at the same time and later', async () => {
    const { ours, raw } = await oursAndRaw(side)
    raw.end()
    await Promise.all([ours.close(), ours.close()])
    await ours.close()
    ours.shutdown()
    await ours.close()
    expect(raw.errors).toEqual([])
  })

  test('it is what `await using` calls', async () => {
    const { ours, raw } = await oursAndRaw(side)
    raw.end()
    {
      await using socket = ours
      await socket.sendAll('bye')
    }
    expect(String(await raw.collect())).toBe('bye')
    expect(await failureOf(ours.recv(1))).toMatchObject(closed)
  })

  test('both addresses are kept', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const { localAddress, remoteAddress } = ours
    expect(localAddress).toEqual({
      host: '127.0.0.1',
      port: raw.socket.remotePort,
    })
    expect(remoteAddress).toEqual({
      host: '127.0.0.1',
      port: raw.socket.localPort,
    })
    raw.end()
    await ours.close()
    expect(ours.localAddress).toEqual(localAddress)
    expect(ours.remoteAddress).toEqual(remoteAddress)
  })

  test('a waiting recv rejects', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const failure = failureOf(ours.recv(10))
    raw.end()
    const done = ours.close()
    expect(await failure).toMatchObject({
      ...closed,
      port: ours.remoteAddress.port,
    })
    await done
  })

  test.each(['recvInto', 'read', 'readLine', 'readLines', 'for await', 'batches'] as const)(
    'a waiting %s rejects',
    async (call) => {
      const { ours, raw } = await oursAndRaw(side)
      const file = ours.makeFile()
      const start = {
        recvInto: () => ours.recvInto(Buffer.alloc(10)),
        read: () => file.read(10),
        readLine: () => file.readLine(),
        readLines: () => file.readLines(),
        'for await': () => file[Symbol.asyncIterator]().next(),
        batches: () => file.batches()[Symbol.asyncIterator]().next(),
      }
      const failure = failureOf(start[call]())
      await turns(2)
      const done = ours.close()
      expect(await failure).toMatchObject(closed)
      raw.end()
      await done
    },
  )

  test('every later call rejects, also where bytes or the end of data had come', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const file = ours.makeFile()
    await raw.send('unread\n')
    raw.end()
    await readable(ours)
    const done = ours.close()
    const calls = () => [
      ours.recv(1),
      ours.recvInto(Buffer.alloc(1)),
      ours.sendAll('x'),
      file.read(1),
      file.readLine(),
      file.readLines(),
      file.writeLines(['x\n']),
    ]
    const atOnce = calls().map(failureOf)
    await done
    for (const failure of [...atOnce, ...calls().map(failureOf)]) {
      expect(await failure).toMatchObject(closed)
    }
    expect(() => ours.tryRecv(1)).toThrow(expect.objectContaining(closed))
  })

  test('a loop over lines gives none after it, though some were cut ahead', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\nthree\n')
    raw.end()
    await readable(ours)
    const lines: string[] = []
    const loop = async () => {
      for await (const line of ours.makeFile()) {
        lines.push(line)
        await ours.close()
      }
    }
    expect(await failureOf(loop())).toMatchObject(closed)
    expect(lines).toEqual(['one\n'])
  })

  test('its error names the peer', async () => {
    const { ours, raw } = await oursAndRaw(side)
    raw.end()
    await ours.close()
    const error = await failureOf(ours.recv(1))
    expect(error).toMatchObject({ ...closed, ...ours.remoteAddress })
    expect(String(error)).toContain(ours.remoteAddress.host)
    expect(String(error)).toContain(String(ours.remoteAddress.port))
  })

  test('after a shutdown a later sendAll says that the socket is closed', async () => {
    const { ours, raw } = await oursAndRaw(side)
    ours.shutdown()
    raw.end()
    await ours.close()
    expect(await failureOf(ours.sendAll('x'))).toMatchObject(closed)
  })

  // Pitfall 3: with unread input the kernel would send a RST, and the peer would lose the tail
  // that still waits in our kernel's buffer behind its full window.
  test('with unread input the peer gets all that was sent, and a clean end', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send(numberedBytes(30_000))
    const reply = numberedBytes(1_000_000)
    const taken = await sendWhatTheKernelTakes(ours, reply)
    const done = ours.close()
    await turns(10)
    const received = await raw.collect()
    raw.end()
    await within(done, 'the close')
    expect(raw.errors).toEqual([])
    expect(received.length).toBeGreaterThanOrEqual(taken)
    expect(received.equals(reply.subarray(0, received.length))).toBe(true)
  })

  // Pitfall 3: bytes that the peer sends after the close are discarded; a RST would answer them.
  test('a peer that sends more than any buffer holds may end its data, and gets the tail after it', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('first')
    await ours.recv(1)
    await ours.sendAll('tail')
    const done = ours.close()
    await raw.send(numberedBytes(12_000_000))
    raw.end()
    expect(String(await raw.collect())).toBe('tail')
    await within(done, 'the close')
    expect(raw.errors).toEqual([])
  })

  test('a connection that was reset is closed without an error', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.reset()
    await within(ours.close(), 'the close')
    expect(await failureOf(ours.recv(1))).toMatchObject(closed)
  })

  test('a peer that resets while it waits does not make it fail', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const done = ours.close()
    await turns(3)
    await raw.reset()
    await within(done, 'the close')
  })
})

// Pitfall 3: 2 s at most. Both sides at the same time, for each of these tests waits that long.
describe('close is held up for 2 s at most', () => {
  const closeInTime = (ours: TcpSocket) =>
    within(ours.close(), 'the close', undefined, closeLimitMs)

  test('by a peer that never closes, and by one that never stops sending', async () => {
    const silent = await bothSides()
    for (const { raw } of silent) await raw.send('unread')
    const busy = await bothSides()
    const block = Buffer.alloc(64 * 1024)
    for (const { raw } of busy) {
      const pour = () => {
        if (!raw.socket.destroyed) raw.socket.write(block, () => setImmediate(pour))
      }
      pour()
    }
    await Promise.all([...silent, ...busy].map(({ ours }) => closeInTime(ours)))
    for (const { raw } of silent) expect(raw.socket.destroyed).toBe(false)
    for (const { raw } of busy) raw.socket.destroy()
  })

  test('by a peer that never reads; then the memory is the caller’s again', async () => {
    const pairs = await bothSides()
    const original = numberedBytes(moreThanTheKernelHolds)
    const checks = pairs.map(async ({ ours, raw }) => {
      const bytes = Buffer.from(original)
      const failure = failureOf(ours.sendAll(bytes))
      await turns(3)
      await closeInTime(ours)
      bytes.fill(0xee)
      expect(await failure).toMatchObject(closed)
      const received = await untilOver(raw)
      expect(received.length).toBeGreaterThan(0)
      expect(received.equals(original.subarray(0, received.length))).toBe(true)
    })
    await Promise.all(checks)
  })
})

/** Sends until all is with the kernel or a call waits; gives how many bytes calls resolved for. */
async function sendWhatTheKernelTakes(ours: TcpSocket, bytes: Buffer): Promise<number> {
  let taken = 0
  for (const block of pieces(bytes, [20_000])) {
    const sent = ours.sendAll(block)
    if (await staysPending(sent, 500)) break
    taken += block.length
  }
  return taken
}

function bothSides() {
  return Promise.all(sides.map((side) => oursAndRaw(side)))
}

/** Every byte that still comes, however the connection ends. */
async function untilOver(raw: RawPeer): Promise<Buffer> {
  const chunks: Buffer[] = []
  const over = new Promise<void>((resolve) => {
    raw.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    raw.socket.on('end', resolve)
    raw.socket.on('close', () => resolve())
    raw.socket.resume()
  })
  await within(over, 'the end of the connection')
  return Buffer.concat(chunks)
}

test('two of our sockets that close at the same time both close cleanly', async () => {
  const { client, server } = await ourPair()
  await Promise.all([client.sendAll('unread'), server.sendAll('unread')])
  await within(Promise.all([client.close(), server.close()]), 'both closes')
})

test('a close ends neither another socket of the same listener nor a Selector on it', async () => {
  const first = await ourPair()
  const second = await ourPair()
  const selector = new Selector()
  selector.register(second.server)
  await Promise.all([first.client.close(), first.server.close()])
  await second.client.sendAll('a\nb')
  expect(await selector.select()).toEqual([second.server])
  const splitter = new LineSplitter()
  expect(splitter.push(await second.server.recv(10))).toEqual(['a\n'])
})
