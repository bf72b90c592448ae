// A connection that the peer cuts by a RST: what came before it, then the error, and nobody else is hurt.
import { describe, expect, test } from 'vitest'
import { type Line, Selector } from '../../src/index.ts'
import {
  aWhile,
  failureOf,
  moreThanTheKernelHolds,
  numberedBytes,
  oursAndRaw,
  readable,
  receive,
  sides,
  turns,
} from '../support/sockets.ts'
import { waitUntil, within } from '../support/waiting.ts'

const reset = { code: 'ECONNRESET' }

describe.each(sides)('a reset seen by the side that %s', (side) => {
  test('rejects a waiting recv, and every further call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const failure = failureOf(ours.recv(10))
    await turns(3)
    await raw.reset()
    const expected = { ...reset, ...ours.remoteAddress }
    const error = await within(failure, 'the rejection')
    expect(error).toMatchObject(expected)
    expect(String(error)).toContain(ours.remoteAddress.host)
    expect(String(error)).toContain(String(ours.remoteAddress.port))
    expect(await failureOf(ours.recv(10))).toMatchObject(expected)
    expect(await failureOf(ours.recvInto(Buffer.alloc(1)))).toMatchObject(expected)
    expect(() => ours.tryRecv(10)).toThrow(expect.objectContaining(reset))
    expect(await failureOf(ours.makeFile().readLine())).toMatchObject(expected)
  })

  // Pitfall 14: with plain net these bytes are gone, or the stream looks whole.
  test('what came before is delivered first though reading begins after it', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(40_000)
    await raw.send(bytes)
    await raw.reset()
    await aWhile(50)
    expect((await receive(ours, bytes.length)).equals(bytes)).toBe(true)
    for (let count = 0; count < 3; count++) {
      expect(await failureOf(ours.recv(10))).toMatchObject(reset)
    }
  })

  // Pitfall 14: the same for a reader that is slow, a few bytes in each turn.
  test.each([1, 3, 7])('a reader of %i bytes a turn gets all, then the error', async (size) => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(200)
    await raw.send(bytes)
    await raw.reset()
    const chunks: Buffer[] = []
    const drain = async () => {
      while (true) {
        chunks.push(await ours.recv(size))
        await turns(1)
        expect(chunks.at(-1)?.length).toBeGreaterThan(0)
      }
    }
    expect(await failureOf(drain())).toMatchObject(reset)
    expect(Buffer.concat(chunks)).toEqual(bytes)
  })

  // Pitfall 14: part was read before the reset, part after it.
  test('bytes left by an earlier recv are delivered before the error', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abcdef')
    await readable(ours)
    expect(String(await ours.recv(2))).toBe('ab')
    await raw.reset()
    await turns(5)
    expect(String(await ours.recv(2))).toBe('cd')
    expect(String(await ours.recv(10))).toBe('ef')
    expect(await failureOf(ours.recv(10))).toMatchObject(reset)
  })

  // Pitfall 14: for the nonblocking call.
  test('tryRecv gives what came, then throws the error at each call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abc')
    await raw.reset()
    const first = await waitUntil(() => ours.tryRecv(10), 'the bytes')
    expect(String(first)).toBe('abc')
    const error = await waitUntil(() => {
      try {
        return ours.tryRecv(10) && 'no error, but the end of data'
      } catch (thrown) {
        return thrown
      }
    }, 'the error')
    expect(error).toMatchObject(reset)
    expect(() => ours.tryRecv(10)).toThrow(expect.objectContaining(reset))
  })

  // Pitfall 18: an error that comes while nobody waits is kept for the next call.
  test('while nobody waits is no event, and is told to the next call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.reset()
    await aWhile(100)
    expect(await within(failureOf(ours.recv(10)), 'the error')).toMatchObject(reset)
    expect(await failureOf(ours.sendAll('x'))).toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
      ...ours.remoteAddress,
    })
  })

  // Pitfall 14, the other way round: a whole stream is not mistaken for a cut one.
  test('is not seen where the peer sent its last byte and closed', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('whole')
    raw.socket.destroy()
    await aWhile(50)
    expect(String(await receive(ours, 5))).toBe('whole')
    expect(await ours.recv(10)).toEqual(Buffer.alloc(0))
    expect(await ours.recv(10)).toEqual(Buffer.alloc(0))
  })

  test('is not caused by looking for it: after a clean end the peer still gets every byte', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('question')
    raw.end()
    expect(String(await receive(ours, 8))).toBe('question')
    expect(await ours.recv(10)).toEqual(Buffer.alloc(0))
    await turns(5)
    await ours.sendAll('answer')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('answer')
    expect(raw.errors).toEqual([])
  })

  test('after our own shutdown rejects a waiting recv', async () => {
    const { ours, raw } = await oursAndRaw(side)
    ours.shutdown()
    const failure = failureOf(ours.recv(10))
    await turns(3)
    await raw.reset()
    expect(await within(failure, 'the rejection')).toMatchObject(reset)
  })

  test('takes no bytes from a recv that waits, though a sendAll is stuck', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const waiting = ours.recv(10)
    const failure = failureOf(ours.sendAll(Buffer.alloc(moreThanTheKernelHolds)))
    await turns(5)
    await raw.send('sorry')
    await raw.reset()
    expect(String(await within(waiting, 'the bytes'))).toBe('sorry')
    expect(await within(failure, 'the rejection')).toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
    })
  })

  // The operating system's answer to a reset behind an end of data is EPIPE, and that to a write:
  // a recv has the end of data before it.
  test('behind the end of data leaves the stream whole, or is a reset', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('whole')
    raw.end()
    await turns(5)
    await raw.reset()
    expect(String(await receive(ours, 5))).toBe('whole')
    const [result] = await Promise.allSettled([ours.recv(10)])
    if (result.status === 'fulfilled') expect(result.value).toEqual(Buffer.alloc(0))
    else expect(result.reason).toMatchObject(reset)
  })

  test('makes a Selector report the socket, for the bytes and for the error', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = new Selector()
    selector.register(ours)
    await raw.send('abc')
    await raw.reset()
    expect(await within(selector.select(), 'the bytes')).toEqual([ours])
    expect(String(await ours.recv(10))).toBe('abc')
    expect(await within(selector.select(), 'the error')).toEqual([ours])
    expect(await failureOf(ours.recv(10))).toMatchObject(reset)
    expect(await within(selector.select(), 'the error, again')).toEqual([ours])
  })
})

describe.each(sides)('a reset seen by a file on the side that %s', (side) => {
  // Pitfall 14: for the file view.
  test('read gives what came, then the error', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('a\nbc')
    await raw.reset()
    const file = ours.makeFile()
    expect(await file.read()).toBe('a\nbc')
    expect(await failureOf(file.read())).toMatchObject(reset)
    expect(await failureOf(file.read(1))).toMatchObject(reset)
  })

  test('read(n) gives n bytes while there are so many, then fewer, then the error', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abcde')
    await raw.reset()
    const file = ours.makeFile()
    expect(await file.read(3)).toBe('abc')
    expect(await file.read(3)).toBe('de')
    expect(await failureOf(file.read(3))).toMatchObject(reset)
  })

  test('a waiting read gives what came', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const waiting = ours.makeFile({ encoding: 'buffer' }).read(100)
    await raw.send('abc')
    await turns(5)
    await raw.reset()
    expect(String(await within(waiting, 'what came'))).toBe('abc')
  })

  test('readLine gives whole lines, then rejects, and the part stays for recv', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('whole\npart')
    await raw.reset()
    const file = ours.makeFile()
    expect(await file.readLine()).toBe('whole\n')
    expect(await failureOf(file.readLine())).toMatchObject(reset)
    expect(await failureOf(file.readLine())).toMatchObject(reset)
    expect(String(await ours.recv(100))).toBe('part')
    expect(await failureOf(ours.recv(100))).toMatchObject(reset)
  })

  test.each(['for await', 'batches'] as const)(
    '%s gives whole lines, then throws, and the part stays for recv',
    async (kind) => {
      const { ours, raw } = await oursAndRaw(side)
      await raw.send('one\ntwo\npart')
      await raw.reset()
      const file = ours.makeFile()
      const lines: Line[] = []
      const loop = async () => {
        if (kind === 'batches') for await (const batch of file.batches()) lines.push(...batch)
        else for await (const line of file) lines.push(line)
      }
      expect(await failureOf(loop())).toMatchObject(reset)
      expect(lines).toEqual(['one\n', 'two\n'])
      expect(String(await ours.recv(100))).toBe('part')
      expect(await failureOf(ours.recv(100))).toMatchObject(reset)
    },
  )

  test('a waiting readLine rejects, and the part stays for recv', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const failure = failureOf(ours.makeFile().readLine())
    await raw.send('part')
    await turns(5)
    await raw.reset()
    expect(await within(failure, 'the rejection')).toMatchObject(reset)
    expect(String(await ours.recv(100))).toBe('part')
  })
})

describe.each(sides)('reset() on the side that %s', (side) => {
  test('the peer gets ECONNRESET, and every call of ours ERR_SOCKET_CLOSED', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const closed = { code: 'ERR_SOCKET_CLOSED' }
    const waiting = failureOf(ours.recv(1))
    const collected = failureOf(raw.collect())
    ours.reset()
    expect(await collected).toMatchObject({ code: 'ECONNRESET' })
    expect(await waiting).toMatchObject(closed)
    expect(await failureOf(ours.recv(1))).toMatchObject(closed)
    expect(await failureOf(ours.sendAll('x'))).toMatchObject(closed)
    ours.reset()
    await ours.close()
  })

  test.each(['shutdown', 'close'] as const)(
    'behind a %s it still ends the connection: the peer can send no more',
    async (call) => {
      const { ours, raw } = await oursAndRaw(side)
      void ours[call]()
      ours.reset()
      await ours.close()
      // The operating system tells it as EPIPE where the end of data came before.
      const failure = await failureOf(raw.send('x'))
      expect(failure).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) })
    },
  )
})
