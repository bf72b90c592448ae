// recv, recvInto and tryRecv: what they give, when, and whose memory it is.
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import {
  aWhile,
  failureOf,
  feed,
  moreThanTheKernelHolds,
  numberedBytes,
  oursAndRaw,
  readable,
  receive,
  receiveAll,
  sides,
  staysPending,
  turn,
  turns,
} from '../support/sockets.ts'
import { waitUntil, within } from '../support/waiting.ts'

const notPositiveIntegers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]

describe.each(sides)('recv on the side that %s', (side) => {
  test('it gives what is there without waiting for maxBytes', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abc')
    expect(String(await ours.recv(1_000_000))).toBe('abc')
  })

  test('it gives at most maxBytes and the rest at the next calls', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abcdef')
    await readable(ours)
    expect(String(await ours.recv(1))).toBe('a')
    expect(String(await ours.recv(3))).toBe('bcd')
    expect(String(await ours.recv(10))).toBe('ef')
  })

  test('it waits until the first byte comes', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const waiting = ours.recv(10)
    expect(await staysPending(waiting)).toBe(true)
    await raw.send('x')
    expect(String(await waiting)).toBe('x')
  })

  test('after the last byte the end of data is an empty Buffer, again and again', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('last')
    raw.end()
    expect(String(await receive(ours, 4))).toBe('last')
    for (let count = 0; count < 3; count++) expect(await ours.recv(10)).toEqual(Buffer.alloc(0))
    expect(await ours.recvInto(Buffer.alloc(10))).toBe(0)
    expect(ours.tryRecv(10)).toEqual(Buffer.alloc(0))
  })

  test('a waiting recv is ended by the end of data', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const waiting = ours.recv(10)
    await turns(3)
    raw.end()
    expect(await waiting).toEqual(Buffer.alloc(0))
  })

  test.each([[[1]], [[3]], [[7]], [[1, 5, 2, 64]]])(
    'bytes sent in pieces of %j arrive whole and in order',
    async (sizes) => {
      const { ours, raw } = await oursAndRaw(side)
      const bytes = numberedBytes(500)
      const [received] = await Promise.all([receiveAll(ours, 10), feed(raw, bytes, sizes)])
      expect(received).toEqual(bytes)
    },
  )

  test('several megabytes arrive whole and in order', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(5_000_000)
    const [received] = await Promise.all([
      receiveAll(ours, 100_000),
      raw.send(bytes).then(() => raw.end()),
    ])
    expect(received.equals(bytes)).toBe(true)
  })

  test.each(notPositiveIntegers)(
    'maxBytes of %d rejects with a RangeError and takes nothing',
    async (n) => {
      const { ours, raw } = await oursAndRaw(side)
      await raw.send('abc')
      await readable(ours)
      expect(await failureOf(ours.recv(n))).toBeInstanceOf(RangeError)
      expect(() => ours.tryRecv(n)).toThrow(RangeError)
      expect(String(await ours.recv(10))).toBe('abc')
    },
  )

  // Pitfall 5: the memory that the operating system fills is used again for the next read.
  test('what it gave is the caller’s to keep: later bytes do not change it', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const kept: Buffer[] = []
    for (const letter of 'abcdefgh') {
      await raw.send(letter.repeat(1000))
      kept.push(await receive(ours, 1000))
    }
    expect(kept.map(String)).toEqual([...'abcdefgh'].map((letter) => letter.repeat(1000)))
  })

  test('what it gave is the caller’s to change: bytes not yet read stay as they were', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(20_000)
    await raw.send(bytes)
    const first = await receive(ours, 9000)
    const copy = Buffer.from(first)
    first.fill(0)
    expect(copy).toEqual(bytes.subarray(0, 9000))
    expect(await receive(ours, 11_000)).toEqual(bytes.subarray(9000))
  })

  // Pitfalls 5 and 12: who reads nothing stops the sender by TCP's flow control, not by memory.
  test('a peer that sends much is stopped while nobody receives', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(moreThanTheKernelHolds)
    const sent = raw.send(bytes)
    expect(await receive(ours, 10)).toEqual(bytes.subarray(0, 10))
    expect(await staysPending(sent, 500)).toBe(true)
    raw.end()
    const rest = await within(receiveAll(ours, 1_000_000), 'all bytes')
    expect(rest.equals(bytes.subarray(10))).toBe(true)
    await sent
  })

  // Pitfall 1: the peer's FIN ends receiving only.
  test('a reply made long after the peer’s end of data arrives whole', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('question')
    raw.end()
    expect(String(await receiveAll(ours))).toBe('question')
    await aWhile(100)
    const reply = numberedBytes(300_000)
    const collected = raw.collect()
    await ours.sendAll(reply.subarray(0, 1000))
    await turns(5)
    await ours.sendAll(reply.subarray(1000))
    ours.shutdown()
    expect((await collected).equals(reply)).toBe(true)
  })
})

describe.each(sides)('recvInto on the side that %s', (side) => {
  test('it fills the caller’s memory from its start and says how far', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const memory = Buffer.alloc(8, '.')
    const waiting = ours.recvInto(memory)
    await raw.send('abc')
    expect(await waiting).toBe(3)
    expect(String(memory)).toBe('abc.....')
  })

  test('it takes no more than fits and leaves the rest', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abcdef')
    await readable(ours)
    const memory = Buffer.alloc(4)
    expect(await ours.recvInto(memory)).toBe(4)
    expect(String(memory)).toBe('abcd')
    expect(String(await ours.recv(10))).toBe('ef')
  })

  test('waiting with little memory, it leaves what does not fit to the next call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const memory = Buffer.alloc(4)
    const waiting = ours.recvInto(memory)
    await turns(3)
    await raw.send('abcdef')
    expect(await waiting).toBe(4)
    expect(String(memory)).toBe('abcd')
    expect(String(await receive(ours, 2))).toBe('ef')
  })

  test('a Uint8Array that is a window into larger memory is filled within its window', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const memory = new Uint8Array(Buffer.from('..........'))
    await raw.send('abcdef')
    expect(await ours.recvInto(memory.subarray(2, 6))).toBe(4)
    expect(String(Buffer.from(memory))).toBe('..abcd....')
    expect(String(await receive(ours, 2))).toBe('ef')
  })

  test('the end of data is 0, again and again, and changes no byte', async () => {
    const { ours, raw } = await oursAndRaw(side)
    raw.end()
    const memory = Buffer.from('abc')
    expect(await ours.recvInto(memory)).toBe(0)
    expect(await ours.recvInto(memory)).toBe(0)
    expect(String(memory)).toBe('abc')
  })

  test('after an abort the memory is not written to, and the bytes are there for the next call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const controller = new AbortController()
    const memory = Buffer.from('abc')
    const failure = failureOf(ours.recvInto(memory, { signal: controller.signal }))
    await turns(3)
    const reason = new Error('enough')
    controller.abort(reason)
    await raw.send('xyz')
    expect(await failure).toBe(reason)
    expect(String(await ours.recv(10))).toBe('xyz')
    expect(String(memory)).toBe('abc')
  })
})

describe.each(sides)('tryRecv on the side that %s', (side) => {
  test('it gives undefined while nothing is there, then the bytes, then the end of data', async () => {
    const { ours, raw } = await oursAndRaw(side)
    expect(ours.tryRecv(10)).toBeUndefined()
    await turns(5)
    expect(ours.tryRecv(10)).toBeUndefined()
    await raw.send('abc')
    const first = await waitUntil(() => ours.tryRecv(2), 'the first bytes')
    expect(String(first)).toBe('ab')
    expect(String(ours.tryRecv(2))).toBe('c')
    expect(ours.tryRecv(2)).toBeUndefined()
    raw.end()
    const end = await waitUntil(() => ours.tryRecv(2), 'the end of data')
    expect(end).toEqual(Buffer.alloc(0))
    expect(ours.tryRecv(2)).toEqual(Buffer.alloc(0))
  })

  test('polled in a loop it gives every byte', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const bytes = numberedBytes(300_000)
    const sent = raw.send(bytes).then(() => raw.end())
    const chunks: Buffer[] = []
    while (true) {
      const chunk = ours.tryRecv(7000)
      if (chunk?.length === 0) break
      if (chunk !== undefined) chunks.push(chunk)
      await turn()
    }
    await sent
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  })

  test('what recv left is there at once', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abc')
    await readable(ours)
    await ours.recv(1)
    expect(String(ours.tryRecv(10))).toBe('bc')
  })
})

// Pitfall 15: an aborted call swallows nothing.
describe.each(sides)('an aborted recv on the side that %s', (side) => {
  test('it rejects with the signal’s reason, and the next recv gets what comes', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const controller = new AbortController()
    const failure = failureOf(ours.recv(10, { signal: controller.signal }))
    await turns(3)
    const reason = { not: 'even an Error' }
    controller.abort(reason)
    expect(await failure).toBe(reason)
    await raw.send('abc')
    raw.end()
    expect(String(await receiveAll(ours))).toBe('abc')
  })

  test('with a signal aborted before, it rejects though bytes are there, and takes none', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abc')
    await readable(ours)
    const signal = AbortSignal.abort('before')
    expect(await failureOf(ours.recv(10, { signal }))).toBe('before')
    expect(await failureOf(ours.recvInto(Buffer.alloc(2), { signal }))).toBe('before')
    expect(String(await ours.recv(10))).toBe('abc')
  })

  test('aborted while the bytes come, it loses none', async () => {
    const { ours, raw } = await oursAndRaw(side)
    let received = ''
    let aborted = 0
    for (let round = 0; round < 60; round++) {
      const controller = new AbortController()
      const waiting = ours.recv(100, { signal: controller.signal }).then(String, () => {
        aborted++
        return ''
      })
      const sent = raw.send(`<${round}>`)
      await turns(round % 5)
      controller.abort()
      received += await waiting
      await sent
    }
    expect(aborted).toBeGreaterThan(0)
    raw.end()
    received += String(await receiveAll(ours))
    expect(received).toBe(Array.from({ length: 60 }, (_, round) => `<${round}>`).join(''))
  })

  test('a signal that aborts after the bytes came harms neither them nor the next call', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const controller = new AbortController()
    const waiting = ours.recv(10, { signal: controller.signal })
    await raw.send('abc')
    expect(String(await waiting)).toBe('abc')
    const next = ours.recv(10)
    controller.abort()
    await raw.send('def')
    expect(String(await next)).toBe('def')
  })

  // Pitfall 10: every bridge from an event to a promise removes its listeners, on every path.
  test('no call leaves a listener on the signal', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const { signal } = new AbortController()
    for (let round = 0; round < 20; round++) {
      const waiting = ours.recv(10, { signal })
      await raw.send('x')
      await waiting
      await raw.send('y')
      await readable(ours)
      await ours.recvInto(Buffer.alloc(3), { signal })
    }
    await failureOf(ours.recv(0, { signal }))
    const last = ours.recv(10, { signal })
    raw.end()
    await last
    await ours.recv(10, { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  // Pitfall 10, again, for the path on which the socket is closed under the call.
  test('a close removes the listener of a waiting call from its signal', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const { signal } = new AbortController()
    const failure = failureOf(ours.recv(10, { signal }))
    raw.end()
    await ours.close()
    await failure
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

// Pitfall 8: two readers waiting on one socket is a mistake of the caller.
describe.each(sides)('a second reader on the side that %s', (side) => {
  test('every other read rejects while a recv waits, which is not disturbed', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const file = ours.makeFile()
    const waiting = ours.recv(10)
    const seconds = [
      ours.recv(1),
      ours.recvInto(Buffer.alloc(1)),
      file.read(1),
      file.readLine(),
      file[Symbol.asyncIterator]().next(),
    ]
    for (const failure of await Promise.all(seconds.map(failureOf))) {
      expect(failure).toMatchObject({ code: 'ERR_READER_WAITING' })
    }
    expect(() => ours.tryRecv(1)).toThrow(expect.objectContaining({ code: 'ERR_READER_WAITING' }))
    await raw.send('abc')
    expect(String(await waiting)).toBe('abc')
  })

  test('a recv rejects while a file waits for a line, which is not disturbed', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const waiting = ours.makeFile().readLine()
    expect(await failureOf(ours.recv(10))).toMatchObject({
      code: 'ERR_READER_WAITING',
    })
    await raw.send('ab')
    expect(await failureOf(ours.makeFile().readLine())).toMatchObject({
      code: 'ERR_READER_WAITING',
    })
    await raw.send('c\n')
    expect(await waiting).toBe('abc\n')
  })

  test('when the first has been aborted, another may wait', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const controller = new AbortController()
    const aborted = failureOf(ours.recv(1, { signal: controller.signal }))
    controller.abort()
    await aborted
    const waiting = ours.recv(1)
    await raw.send('x')
    expect(String(await waiting)).toBe('x')
  })
})

describe('recvSize of a socket that connects', () => {
  // Pitfall 5: without `onread` Node reads at most 64 KiB at a time.
  test('with 1,000,000 one recv brings more than 65,536 bytes', async () => {
    const { ours, raw } = await oursAndRaw('connected', {
      recvSize: 1_000_000,
    })
    const bytes = numberedBytes(8_000_000)
    const sent = raw.send(bytes).then(() => raw.end())
    const chunks: Buffer[] = []
    while (true) {
      const chunk = await ours.recv(1_000_000)
      if (chunk.length === 0) break
      chunks.push(chunk)
    }
    await sent
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeGreaterThan(65_536)
  })

  test('it is the most that one recv brings, and no byte is lost by it', async () => {
    const { ours, raw } = await oursAndRaw('connected', { recvSize: 10 })
    const bytes = numberedBytes(1000)
    await raw.send(bytes)
    raw.end()
    const chunks: Buffer[] = []
    while (true) {
      const chunk = await ours.recv(1000)
      if (chunk.length === 0) break
      chunks.push(chunk)
    }
    expect(Buffer.concat(chunks)).toEqual(bytes)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(10)
  })
})
