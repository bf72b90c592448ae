// sendAll and shutdown: every byte or an error, in order, and never a call that hangs.
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import {
  failureOf,
  loopback,
  moreThanTheKernelHolds,
  numberedBytes,
  ourPair,
  oursAndRaw,
  receiveAll,
  sides,
  staysPending,
  turn,
  turns,
} from '../support/sockets.ts'
import { within } from '../support/waiting.ts'

/** What the operating system says of a connection that the peer has cut. */
const connectionDied = expect.stringMatching(/^(ECONNRESET|EPIPE)$/)

describe.each(sides)('sendAll on the side that %s', (side) => {
  test('a string goes out as UTF-8, bytes as they are', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await ours.sendAll('é€\n')
    await ours.sendAll(Buffer.from([0, 255, 10]))
    await ours.sendAll(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
    ours.shutdown()
    const expected = Buffer.concat([Buffer.from('é€\n'), Buffer.from([0, 255, 10, 2, 3])])
    expect(await raw.collect()).toEqual(expected)
  })

  test('no data is sent at once and adds nothing', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await ours.sendAll('')
    await ours.sendAll(new Uint8Array(0))
    await ours.sendAll('x')
    await ours.sendAll('')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('x')
  })

  // Pitfall 7: calls made together go out whole, in the order of the calls.
  test('calls made together go out whole and in order', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const blocks = [...'abcdefghijklmnopqrst'].map((letter, index) =>
      letter.repeat(index % 3 === 0 ? 300_000 : 7),
    )
    const collected = raw.collect()
    const order: number[] = []
    await Promise.all(
      blocks.map((block, index) => ours.sendAll(block).then(() => order.push(index))),
    )
    ours.shutdown()
    expect(String(await collected) === blocks.join('')).toBe(true)
    expect(order).toEqual(blocks.map((_, index) => index))
  })

  test('they resolve in order, also those that wait for the operating system', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const order: number[] = []
    const sizes = [3, moreThanTheKernelHolds, 1, 2, 70_000, 1]
    const sent = sizes.map((size, index) =>
      ours.sendAll(Buffer.alloc(size)).then(() => order.push(index)),
    )
    await turn()
    // The first was taken at once.
    expect(order).toEqual([0])
    raw.socket.resume()
    await Promise.all(sent)
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('thousands of small calls before a close in the same turn have all gone out', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const collected = raw.collect()
    const sent = Array.from({ length: 3000 }, () => ours.sendAll('x'))
    const closed = ours.close()
    await Promise.all(sent)
    expect((await collected).length).toBe(3000)
    raw.end()
    await closed
  })

  test.each(['close', 'shutdown', 'reset'] as const)(
    'calls of one turn have gone out before a %s in that turn',
    async (end) => {
      const { ours, raw } = await oursAndRaw(side)
      // What a reset overtakes, the peer does not get.
      const collected = raw.collect().then(String, () => 'abc')
      const sent = Promise.all([...'abc'].map((letter) => ours.sendAll(letter)))
      void ours[end]()
      await sent
      expect(await collected).toBe('abc')
      raw.end()
    },
  )

  test('it waits while the peer does not read, and resolves when the peer has read', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(moreThanTheKernelHolds)
    const sent = ours.sendAll(bytes)
    expect(await staysPending(sent, 300)).toBe(true)
    const collected = raw.collect()
    await within(sent, 'the end of sendAll')
    ours.shutdown()
    expect((await collected).equals(bytes)).toBe(true)
  })

  test('isSending is true until the operating system has taken every byte', async () => {
    const { ours, raw } = await oursAndRaw(side)
    expect(ours.isSending).toBe(false)
    await ours.sendAll('at once')
    expect(ours.isSending).toBe(false)
    const sending = ours.sendAll(Buffer.alloc(moreThanTheKernelHolds))
    expect(ours.isSending).toBe(true)
    raw.socket.resume()
    await sending
    expect(ours.isSending).toBe(false)
  })

  test('once it has resolved the caller may reuse the memory', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const collected = raw.collect()
    const memory = Buffer.alloc(1_000_000)
    for (let round = 0; round < 12; round++) {
      memory.fill(round)
      await ours.sendAll(memory)
    }
    memory.fill(0xee)
    ours.shutdown()
    const received = await collected
    expect(received.length).toBe(12_000_000)
    for (let round = 0; round < 12; round++) {
      const block = received.subarray(round * 1_000_000, (round + 1) * 1_000_000)
      expect(block.equals(Buffer.alloc(1_000_000, round))).toBe(true)
    }
  })

  test('sending and receiving go on at the same time', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const there = numberedBytes(3_000_000)
    const back = numberedBytes(3_000_000, 99)
    const collected = raw.collect()
    const [received] = await Promise.all([
      receiveAll(ours),
      ours.sendAll(there).then(() => ours.shutdown()),
      raw.send(back).then(() => raw.end()),
    ])
    expect(received.equals(back)).toBe(true)
    expect((await collected).equals(there)).toBe(true)
  })
})

// Pitfall 7: waiting for `drain` alone hangs when the socket dies.
describe.each(sides)('a sendAll that waits, on the side that %s,', (side) => {
  test('rejects when the peer resets the connection, as do all calls behind it', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const failures = [
      failureOf(ours.sendAll(Buffer.alloc(moreThanTheKernelHolds))),
      failureOf(ours.sendAll('behind it')),
      failureOf(ours.sendAll(Buffer.alloc(1000))),
    ]
    await turns(3)
    await raw.reset()
    for (const failure of failures) {
      expect(await within(failure, 'a rejection')).toMatchObject({
        code: connectionDied,
        host: ours.remoteAddress.host,
        port: ours.remoteAddress.port,
      })
    }
    const later = await within(failureOf(ours.sendAll('x')), 'a later rejection')
    expect(later).toMatchObject({ code: connectionDied })
  })

  // Pitfall 7: Node's write callback reports success when the socket was destroyed meanwhile.
  test('rejects when the socket is closed, as do all calls behind it', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const failures = [
      failureOf(ours.sendAll(Buffer.alloc(moreThanTheKernelHolds))),
      failureOf(ours.sendAll('behind it')),
    ]
    await turns(3)
    const closed = ours.close()
    for (const failure of failures) {
      expect(await within(failure, 'a rejection')).toMatchObject({ code: 'ERR_SOCKET_CLOSED' })
    }
    raw.socket.destroy()
    await within(closed, 'the close')
  })

  // What it held may still go out: even so the call does not report success.
  test('rejects when the socket is closed in the same turn, though the peer reads', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const collected = raw.collect().then(
      () => raw.end(),
      () => {},
    )
    const failure = failureOf(ours.sendAll(Buffer.alloc(moreThanTheKernelHolds)))
    const closed = ours.close()
    expect(await within(failure, 'a rejection')).toMatchObject({ code: 'ERR_SOCKET_CLOSED' })
    await within(closed, 'the close')
    await collected
  })
})

describe.each(sides)('a peer that has gone, seen from the side that %s,', (side) => {
  test('makes sendAll reject sooner or later, and never hang or succeed for ever', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const closed = once(raw.socket, 'close')
    raw.socket.destroy()
    await closed
    const sendUntilFailure = async () => {
      while (true) {
        await ours.sendAll('is anybody there?')
        await turn()
      }
    }
    expect(await within(failureOf(sendUntilFailure()), 'a rejection')).toMatchObject({
      code: connectionDied,
      host: loopback,
      message: expect.stringContaining(String(ours.remoteAddress.port)),
    })
  })
})

describe.each(sides)('shutdown on the side that %s', (side) => {
  test('the peer gets the end of data, and receiving goes on', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await ours.sendAll('question')
    expect(ours.shutdown()).toBeUndefined()
    expect(String(await raw.collect())).toBe('question')
    await raw.send('answer')
    raw.end()
    expect(String(await receiveAll(ours))).toBe('answer')
  })

  test('it lets all that sendAll was given go out first', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(5_000_000)
    const sent = Promise.all([ours.sendAll(bytes), ours.sendAll('tail')])
    ours.shutdown()
    const collected = await raw.collect()
    await sent
    expect(collected.equals(Buffer.concat([bytes, Buffer.from('tail')]))).toBe(true)
  })

  test('again is harmless', async () => {
    const { ours, raw } = await oursAndRaw(side)
    ours.shutdown()
    ours.shutdown()
    expect(await raw.collect()).toEqual(Buffer.alloc(0))
    ours.shutdown()
    await raw.send('still here')
    expect(String(await ours.recv(20))).toBe('still here')
  })

  // Pitfall 16: writing after the end destroys a Node socket and with it the reply still to come.
  test('a later sendAll rejects with EPIPE, and the reply still comes', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await ours.sendAll('question')
    ours.shutdown()
    const refusal = await failureOf(ours.sendAll('too late'))
    expect(refusal).toMatchObject({ code: 'EPIPE', ...ours.remoteAddress })
    expect(String(refusal)).toContain(ours.remoteAddress.host)
    expect(String(refusal)).toContain(String(ours.remoteAddress.port))
    expect(await failureOf(ours.makeFile().writeLines(['too late\n']))).toMatchObject({
      code: 'EPIPE',
    })
    await turns(5)
    expect(String(await raw.collect())).toBe('question')
    expect(await failureOf(ours.sendAll('much too late'))).toMatchObject({
      code: 'EPIPE',
    })
    const reply = numberedBytes(200_000)
    const received = receiveAll(ours)
    await raw.send(reply)
    raw.end()
    expect((await received).equals(reply)).toBe(true)
  })
})

describe('listeners', () => {
  // Pitfall 10: Node warns when more than ten listeners wait for one event.
  test('many calls, waiting together and one after the other, leave none behind', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', onWarning)
    const { client, server } = await ourPair()
    const received = receiveAll(server)
    const block = Buffer.alloc(100_000)
    await Promise.all(Array.from({ length: 50 }, () => client.sendAll(block)))
    for (let round = 0; round < 50; round++) {
      await client.sendAll(block)
      const reply = client.recv(10)
      await server.sendAll('x')
      await reply
    }
    client.shutdown()
    expect((await received).length).toBe(10_000_000)
    await turns(3)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })
})
