// The file view of a socket: Python's read, readline and readlines, and not a byte beyond what they return.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Line, TcpSocket } from '../../src/index.ts'
import {
  failureOf,
  feed,
  moreThanTheKernelHolds,
  numberedBytes,
  ourPair,
  oursAndRaw,
  readable,
  receive,
  receiveAll,
  sides,
  staysPending,
  turns,
} from '../support/sockets.ts'
import { within } from '../support/waiting.ts'

const tooLong = { code: 'ERR_LINE_TOO_LONG' }

/** A socket that will be given these bytes and then the end of data, in one segment where they fit. */
async function socketWith(text: string | Uint8Array): Promise<TcpSocket> {
  const { ours, raw } = await oursAndRaw('connected')
  await raw.send(text)
  raw.end()
  return ours
}

/** All lines that the loop gives. */
async function linesOf(lines: AsyncIterable<Line>): Promise<Line[]> {
  const all: Line[] = []
  for await (const line of lines) all.push(line)
  return all
}

describe('readLine', () => {
  test('it gives a line with its newline, the last as it is, then the empty string for ever', async () => {
    const file = (await socketWith('one\n\ntwo\nthree')).makeFile()
    expect(await file.readLine()).toBe('one\n')
    expect(await file.readLine()).toBe('\n')
    expect(await file.readLine()).toBe('two\n')
    expect(await file.readLine()).toBe('three')
    expect(await file.readLine()).toBe('')
    expect(await file.readLine()).toBe('')
  })

  test('with the encoding buffer lines are Buffers, and the end of data is an empty one', async () => {
    const socket = await socketWith(Buffer.from([0xff, 0x0a, 0x00, 0xc3]))
    const file = socket.makeFile({ encoding: 'buffer' })
    expect(await file.readLine()).toEqual(Buffer.from([0xff, 0x0a]))
    expect(await file.readLine()).toEqual(Buffer.from([0x00, 0xc3]))
    expect(await file.readLine()).toEqual(Buffer.alloc(0))
  })

  test('it waits for the newline, however the line comes', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const waiting = ours.makeFile().readLine()
    await raw.send('no newline yet')
    expect(await staysPending(waiting)).toBe(true)
    await raw.send('\n')
    expect(await waiting).toBe('no newline yet\n')
  })

  test('a limit gives at most so many bytes; the rest of the line comes next', async () => {
    const file = (await socketWith('abcdef\ngh\n')).makeFile()
    expect(await file.readLine(4)).toBe('abcd')
    expect(await file.readLine(4)).toBe('ef\n')
    expect(await file.readLine(2)).toBe('gh')
    expect(await file.readLine(2)).toBe('\n')
    expect(await file.readLine(2)).toBe('')
  })

  test('a limit of 0 gives the empty string and takes nothing, a negative one is none', async () => {
    const file = (await socketWith('abc\ndef\n')).makeFile()
    expect(await file.readLine(0)).toBe('')
    expect(await file.readLine(-1)).toBe('abc\n')
    expect(await file.readLine(3)).toBe('def')
  })

  test('a limit does not wait for more than it', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    await raw.send('abc')
    expect(await within(ours.makeFile().readLine(3), 'three bytes')).toBe('abc')
  })

  test('a character that the limit would cut is taken whole', async () => {
    const socket = await socketWith('é€😀\nx')
    const file = socket.makeFile()
    expect(await file.readLine(1)).toBe('é')
    expect(await file.readLine(2)).toBe('€')
    expect(await file.readLine(3)).toBe('😀')
    expect(String(await receiveAll(socket))).toBe('\nx')
  })

  test('with the encoding buffer the limit cuts anywhere', async () => {
    const file = (await socketWith('é\n')).makeFile({ encoding: 'buffer' })
    expect(await file.readLine(1)).toEqual(Buffer.from([0xc3]))
    expect(await file.readLine(10)).toEqual(Buffer.from([0xa9, 0x0a]))
  })

  test('carriage returns, NULs, U+2028 and byte order marks are ordinary', async () => {
    const file = (await socketWith('\uFEFFa\r\n\uFEFFb\rc\0\u2028d\n')).makeFile()
    expect(await file.readLine()).toBe('\uFEFFa\r\n')
    expect(await file.readLine()).toBe('\uFEFFb\rc\0\u2028d\n')
  })

  test('each line is decoded on its own, half characters as U+FFFD', async () => {
    const bytes = Buffer.from([0xc3, 0x0a, 0xa9, 0x61, 0x0a, 0xe2, 0x82])
    const file = (await socketWith(bytes)).makeFile()
    expect(await file.readLine()).toBe('\uFFFD\n')
    expect(await file.readLine()).toBe('\uFFFDa\n')
    expect(await file.readLine()).toBe('\uFFFD')
  })
})

describe('read', () => {
  test('it gives n bytes, and fewer only at the end', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const file = ours.makeFile()
    const waiting = file.read(6)
    await raw.send('ab')
    await turns(3)
    await raw.send('cd')
    expect(await staysPending(waiting, 100)).toBe(true)
    await raw.send('efgh')
    raw.end()
    expect(await waiting).toBe('abcdef')
    expect(await file.read(6)).toBe('gh')
    expect(await file.read(6)).toBe('')
    expect(await file.read(6)).toBe('')
  })

  test('without n it reads to the end, newlines and all', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const fed = feed(raw, 'one\ntwo\nthree €', [3])
    const file = ours.makeFile()
    expect(await file.read()).toBe('one\ntwo\nthree €')
    expect(await file.read()).toBe('')
    await fed
  })

  test('a negative n reads to the end, too; 0 takes nothing', async () => {
    const file = (await socketWith('abc')).makeFile()
    expect(await file.read(0)).toBe('')
    expect(await file.read(-1)).toBe('abc')
  })

  test('n counts bytes, and a character that would be cut is taken whole', async () => {
    const socket = await socketWith('aéb€😀c')
    const file = socket.makeFile()
    expect(await file.read(2)).toBe('aé')
    expect(await file.read(2)).toBe('b€')
    expect(await file.read(1)).toBe('😀')
    expect(await file.read(1)).toBe('c')
    expect(await file.read(1)).toBe('')
  })

  test('it waits for the rest of a cut character, and takes nothing else', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const [first, second, third] = Buffer.from('€')
    const waiting = ours.makeFile().read(1)
    await raw.send(Buffer.from([first ?? 0]))
    await turns(3)
    await raw.send(Buffer.from([second ?? 0]))
    expect(await staysPending(waiting)).toBe(true)
    await raw.send(Buffer.from([third ?? 0, 0x61]))
    expect(await waiting).toBe('€')
    expect(String(await ours.recv(10))).toBe('a')
  })

  test('what is no character is U+FFFD, and the byte after it is not taken', async () => {
    const file = (await socketWith(Buffer.from([0xc3, 0x61, 0xff, 0x62]))).makeFile()
    expect(await file.read(1)).toBe('\uFFFD')
    expect(await file.read(1)).toBe('a')
    expect(await file.read(1)).toBe('\uFFFD')
    expect(await file.read(1)).toBe('b')
  })

  test('a character cut by the end of data is U+FFFD', async () => {
    const file = (await socketWith(Buffer.from([0x61, 0xe2, 0x82]))).makeFile()
    expect(await file.read(2)).toBe('a\uFFFD')
    expect(await file.read()).toBe('')
  })

  test('with the encoding buffer it gives exactly n bytes', async () => {
    const file = (await socketWith('é€')).makeFile({ encoding: 'buffer' })
    expect(await file.read(1)).toEqual(Buffer.from([0xc3]))
    expect(await file.read(3)).toEqual(Buffer.from([0xa9, 0xe2, 0x82]))
    expect(await file.read(3)).toEqual(Buffer.from([0xac]))
    expect(await file.read(3)).toEqual(Buffer.alloc(0))
  })

  test('several megabytes in one read come whole', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const bytes = numberedBytes(5_000_000)
    const sent = raw.send(bytes).then(() => raw.end())
    const received = await ours.makeFile({ encoding: 'buffer' }).read()
    await sent
    expect(received.equals(bytes)).toBe(true)
  })
})

describe('readLines', () => {
  test('it gives all lines to the end, then none', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const fed = feed(raw, 'rain, snow\nor\nhail', [7])
    const file = ours.makeFile()
    expect(await file.readLines()).toEqual(['rain, snow\n', 'or\n', 'hail'])
    expect(await file.readLines()).toEqual([])
    await fed
  })

  test('with a hint no line is read any more once their bytes are more than it', async () => {
    const file = (await socketWith('ab\ncd\nef\ngh\n')).makeFile()
    expect(await file.readLines(1)).toEqual(['ab\n'])
    expect(await file.readLines(4)).toEqual(['cd\n', 'ef\n'])
    expect(await file.readLines(100)).toEqual(['gh\n'])
  })

  test('the hint counts bytes, also in text', async () => {
    const file = (await socketWith('éé\nab\ncd\n')).makeFile()
    expect(await file.readLines(4)).toEqual(['éé\n'])
    expect(await file.readLines()).toEqual(['ab\n', 'cd\n'])
  })

  test.each([0, -1])('a hint of %i is none', async (hint) => {
    const file = (await socketWith('ab\ncd\n')).makeFile()
    expect(await file.readLines(hint)).toEqual(['ab\n', 'cd\n'])
  })

  test('with a hint it does not wait for the end of data', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    await raw.send('abc\ndef\nrest')
    const file = ours.makeFile()
    expect(await within(file.readLines(6), 'two lines')).toEqual(['abc\n', 'def\n'])
    expect(String(await ours.recv(10))).toBe('rest')
  })

  test('when it rejects no byte is lost', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    await raw.send('a\nb\npart')
    await raw.reset()
    const file = ours.makeFile()
    expect(await failureOf(file.readLines())).toMatchObject({ code: 'ECONNRESET' })
    expect(String(await receive(ours, 8))).toBe('a\nb\npart')
  })
})

describe.each(sides)('for await on the side that %s', (side) => {
  test.each([[[1]], [[3]], [[7]], [[1000]]])(
    'fed in pieces of %j it gives every line',
    async (sizes) => {
      const { ours, raw } = await oursAndRaw(side)
      const fed = feed(raw, 'rain, snow\nor\n\nhåil 😀\nlast', sizes)
      const lines = await linesOf(ours.makeFile())
      expect(lines).toEqual(['rain, snow\n', 'or\n', '\n', 'håil 😀\n', 'last'])
      await fed
    },
  )

  test('a line is given as soon as it is there, not at the end of data', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const iterator = ours.makeFile()[Symbol.asyncIterator]()
    await raw.send('first\nsec')
    expect(await iterator.next()).toEqual({ done: false, value: 'first\n' })
    const waiting = iterator.next()
    await raw.send('ond\n')
    expect(await waiting).toEqual({ done: false, value: 'second\n' })
    raw.end()
    expect((await iterator.next()).done).toBe(true)
    expect((await iterator.next()).done).toBe(true)
  })

  test('lines that are asked for together come one after another, and none is lost', async () => {
    const { client, server } = await ourPair()
    const lines = server.makeFile()[Symbol.asyncIterator]()
    await client.sendAll('one\ntwo\nthree\nfour\n')
    const asked = Array.from({ length: 6 }, () => lines.next())
    await client.sendAll('five\n')
    client.shutdown()
    const values = (await Promise.all(asked)).map(({ value }) => value)
    expect(values).toEqual(['one\n', 'two\n', 'three\n', 'four\n', 'five\n', undefined])
  })

  // Pitfall 2: leaving the loop, or its normal end, never closes the socket.
  test('leaving the loop leaves the socket open for both directions', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\n')
    for await (const line of ours.makeFile()) {
      expect(line).toBe('one\n')
      break
    }
    await turns(5)
    await raw.send('three\n')
    expect(await linesUntil(ours, 'three\n')).toEqual(['two\n', 'three\n'])
    await ours.sendAll('reply')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('reply')
  })

  // Pitfall 2: the same after an exception thrown in the loop.
  test('an exception in the loop leaves the socket open, with the lines not yet given', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\nthree')
    await readable(ours)
    const loop = async () => {
      for await (const line of ours.makeFile()) throw new Error(`cannot work with ${line}`)
    }
    expect(await failureOf(loop())).toMatchObject({ message: 'cannot work with one\n' })
    expect(String(await receive(ours, 9))).toBe('two\nthree')
    await ours.sendAll('sorry')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('sorry')
  })

  // Pitfall 2: the normal end.
  test('after the normal end of the loop a reply can be sent', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('question\n')
    raw.end()
    expect(await linesOf(ours.makeFile())).toEqual(['question\n'])
    await turns(5)
    await ours.sendAll('answer\n')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('answer\n')
  })

  test('lines cut ahead go back when the loop is left', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\nthree\nfour')
    await readable(ours)
    for await (const line of ours.makeFile()) if (line === 'two\n') break
    expect(String(await ours.recv(3))).toBe('thr')
    expect(String(ours.tryRecv(100))).toBe('ee\nfour')
  })

  test('lines cut ahead go back as the bytes that came, were they text or not', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const rest = Buffer.from([0xff, 0xfe, 0x0a, 0xef, 0xbb, 0xbf, 0x0d, 0x0a, 0xc3])
    await raw.send(Buffer.concat([Buffer.from('é\n'), rest]))
    await readable(ours)
    for await (const line of ours.makeFile()) {
      expect(line).toBe('é\n')
      break
    }
    expect(await receive(ours, rest.length)).toEqual(rest)
  })

  // Pitfall 8: from its first line until it is left, the loop is the one reader.
  test('every other read within the loop rejects and takes nothing', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\nthree\n')
    await readable(ours)
    const file = ours.makeFile()
    for await (const line of file) {
      expect(line).toBe('one\n')
      await expectAnotherReaderRefused(ours)
      break
    }
    expect(String(await receive(ours, 10))).toBe('two\nthree\n')
  })

  test('a loop that has not asked for its first line is no reader yet', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('1\n2\n')
    await readable(ours)
    const loop = ours.makeFile()[Symbol.asyncIterator]()
    expect(String(await ours.recv(2))).toBe('1\n')
    expect((await loop.next()).value).toBe('2\n')
    raw.end()
    expect((await loop.next()).done).toBe(true)
    expect(await ours.recv(1)).toEqual(Buffer.alloc(0))
  })

  test('a Selector sees the lines that a loop had at hand when it is left', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\n')
    await readable(ours)
    for await (const line of ours.makeFile()) if (line === 'one\n') break
    await readable(ours)
    expect(String(ours.tryRecv(100))).toBe('two\n')
  })

  test('a Selector that waits meanwhile changes no line at hand, and sees them when the loop is left', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('one\ntwo\nthree\n')
    await readable(ours)
    let ready: Promise<void> | undefined
    for await (const line of ours.makeFile()) {
      expect(line).toBe('one\n')
      ready = readable(ours)
      await raw.send('XXXXXXXXXXXXXXXXXX')
      await turns(5)
      break
    }
    await ready
    expect(String(await receive(ours, 28))).toBe('two\nthree\nXXXXXXXXXXXXXXXXXX')
  })
})

/** Expects that no other read is let in beside the one reader. */
async function expectAnotherReaderRefused(socket: TcpSocket): Promise<void> {
  const file = socket.makeFile()
  const reads = [
    socket.recv(1),
    socket.recvInto(Buffer.alloc(1)),
    file.read(1),
    file.readLine(),
    file.readLines(),
    file[Symbol.asyncIterator]().next(),
    file.batches().next(),
  ]
  for (const failure of await Promise.all(reads.map(failureOf))) {
    expect(failure).toMatchObject({ code: 'ERR_READER_WAITING' })
  }
  expect(() => socket.tryRecv(1)).toThrow(expect.objectContaining({ code: 'ERR_READER_WAITING' }))
}

/** Lines up to and with the given one. */
async function linesUntil(socket: TcpSocket, last: string): Promise<Line[]> {
  const lines: Line[] = []
  for await (const line of socket.makeFile()) {
    lines.push(line)
    if (line === last) break
  }
  return lines
}

describe('batches', () => {
  test('all lines at hand come as one array, and the part behind them stays', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}\n`)
    await raw.send(`${lines.join('')}part`)
    await readable(ours)
    for await (const batch of ours.makeFile().batches()) {
      expect(batch).toEqual(lines)
      break
    }
    expect(String(await ours.recv(100))).toBe('part')
  })

  test('no array is empty, together they are all lines, the last without a newline, too', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const fed = feed(raw, 'one\ntwo\nthree\nlast', [5, 1, 9])
    const batches: Line[][] = []
    for await (const batch of ours.makeFile().batches()) batches.push(batch)
    expect(batches.every((batch) => batch.length > 0)).toBe(true)
    expect(batches.flat()).toEqual(['one\n', 'two\n', 'three\n', 'last'])
    await fed
  })

  test('with the encoding buffer they are Buffers', async () => {
    const socket = await socketWith(Buffer.from([0xff, 0x0a, 0xfe]))
    const batches: Line[][] = []
    for await (const batch of socket.makeFile({ encoding: 'buffer' }).batches()) batches.push(batch)
    expect(batches.flat()).toEqual([Buffer.from([0xff, 0x0a]), Buffer.from([0xfe])])
  })

  test('the loop is the one reader, until an exception leaves it', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    await raw.send('one\ntwo')
    const loop = async () => {
      for await (const batch of ours.makeFile().batches()) {
        await expectAnotherReaderRefused(ours)
        throw new Error(`cannot work with ${batch.length} line`)
      }
    }
    expect(await failureOf(loop())).toMatchObject({ message: 'cannot work with 1 line' })
    expect(String(await receive(ours, 3))).toBe('two')
  })

  // Pitfall 2.
  test('leaving the loop closes nothing', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    await raw.send('one\n')
    for await (const batch of ours.makeFile().batches()) {
      expect(batch).toEqual(['one\n'])
      break
    }
    await raw.send('two\n')
    expect(String(await receive(ours, 4))).toBe('two\n')
    await ours.sendAll('reply')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('reply')
  })
})

describe('one buffer for recv and all files', () => {
  test('recv, recvInto, tryRecv and two files read on from each other', async () => {
    const socket = await socketWith('abc\ndef\nghi\njklmnopq\nrs')
    await readable(socket)
    const text = socket.makeFile()
    const bytes = socket.makeFile({ encoding: 'buffer' })
    expect(String(await socket.recv(1))).toBe('a')
    expect(await text.readLine()).toBe('bc\n')
    expect(String(await bytes.readLine())).toBe('def\n')
    expect(await text.read(2)).toBe('gh')
    const memory = Buffer.alloc(2)
    expect(await socket.recvInto(memory)).toBe(2)
    expect(String(memory)).toBe('i\n')
    expect(String(socket.tryRecv(3))).toBe('jkl')
    expect(String(await bytes.readLine(2))).toBe('mn')
    expect(await text.readLines(1)).toEqual(['opq\n'])
    expect(await bytes.read()).toEqual(Buffer.from('rs'))
    expect(await socket.recv(1)).toEqual(Buffer.alloc(0))
  })

  test('a file has no close of its own', async () => {
    const file = (await socketWith('')).makeFile()
    expect('close' in file).toBe(false)
  })

  test('lines given as Buffers are the caller’s to change', async () => {
    const socket = await socketWith('one\ntwo\nthree\n')
    await readable(socket)
    const file = socket.makeFile({ encoding: 'buffer' })
    const line = await file.readLine()
    line.fill(0)
    for await (const next of file) {
      expect(String(next)).toBe('two\n')
      next.fill(0)
      break
    }
    expect(String(await receiveAll(socket))).toBe('three\n')
  })

  test('an aborted recv between two lines takes nothing from the file', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const file = ours.makeFile()
    await raw.send('one\n')
    expect(await file.readLine()).toBe('one\n')
    const controller = new AbortController()
    const failure = failureOf(ours.recv(10, { signal: controller.signal }))
    controller.abort()
    await failure
    await raw.send('two\n')
    expect(await file.readLine()).toBe('two\n')
  })
})

describe('maxLineBytes of a file', () => {
  test('readLine gives the lines before, rejects, and the bytes stay for recv', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    await raw.send('ab\nabcde\nabcdef\nx\n')
    const file = ours.makeFile({ maxLineBytes: 5 })
    expect(await file.readLine()).toBe('ab\n')
    expect(await file.readLine()).toBe('abcde\n')
    expect(await failureOf(file.readLine())).toMatchObject(tooLong)
    expect(await failureOf(file.readLine())).toMatchObject(tooLong)
    expect(String(await receive(ours, 9))).toBe('abcdef\nx\n')
  })

  test('it is an error as soon as the limit is passed, before any newline', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const failure = failureOf(ours.makeFile({ maxLineBytes: 5 }).readLine())
    await raw.send('abcde')
    expect(await staysPending(failure)).toBe(true)
    await raw.send('f')
    expect(await within(failure, 'the rejection')).toMatchObject(tooLong)
    expect(String(await ours.recv(100))).toBe('abcdef')
  })

  test.each(['for await', 'batches'] as const)(
    '%s gives the lines before, throws, and the bytes stay for recv',
    async (kind) => {
      const { ours, raw } = await oursAndRaw('connected')
      await raw.send('one\ntwo\nmuch too long\nthree\n')
      const file = ours.makeFile({ maxLineBytes: 5 })
      const lines: Line[] = []
      const loop = async () => {
        if (kind === 'batches') for await (const batch of file.batches()) lines.push(...batch)
        else for await (const line of file) lines.push(line)
      }
      expect(await failureOf(loop())).toMatchObject(tooLong)
      expect(lines).toEqual(['one\n', 'two\n'])
      expect(String(await receive(ours, 20))).toBe('much too long\nthree\n')
    },
  )

  test('readLines rejects and loses no byte', async () => {
    const socket = await socketWith('one\nmuch too long\n')
    const file = socket.makeFile({ maxLineBytes: 5 })
    expect(await failureOf(file.readLines())).toMatchObject(tooLong)
    expect(String(await receiveAll(socket))).toBe('one\nmuch too long\n')
  })

  test('the last line without a newline is measured, too', async () => {
    const socket = await socketWith('one\nabcdef')
    const file = socket.makeFile({ maxLineBytes: 5 })
    expect(await file.readLine()).toBe('one\n')
    expect(await failureOf(file.readLine())).toMatchObject(tooLong)
    expect(String(await receiveAll(socket))).toBe('abcdef')
  })

  // Pitfall 12: a peer that sends an endless line fills no memory beyond the limit's order.
  test('a peer that sends one endless line is stopped', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const sent = raw.send(Buffer.alloc(moreThanTheKernelHolds, 'x')).catch(() => {})
    const file = ours.makeFile({ maxLineBytes: 1000 })
    expect(await failureOf(file.readLine())).toMatchObject(tooLong)
    expect(await staysPending(sent, 300)).toBe(true)
  })
})

describe('writeLines', () => {
  test('it sends the lines as they are and adds nothing', async () => {
    const { client, server } = await ourPair()
    const file = client.makeFile()
    await file.writeLines(['one\n', 'two', '', Buffer.from('é\n')])
    await file.writeLines([])
    client.shutdown()
    expect(String(await receiveAll(server))).toBe('one\ntwoé\n')
  })

  test('it takes any iterable, such as a generator', async () => {
    const { client, server } = await ourPair()
    function* lines() {
      for (let index = 0; index < 3; index++) yield `${index}\n`
    }
    await client.makeFile().writeLines(lines())
    client.shutdown()
    expect(await server.makeFile().readLines()).toEqual(['0\n', '1\n', '2\n'])
  })

  test('a file with the encoding buffer writes the same', async () => {
    const { client, server } = await ourPair()
    await client.makeFile({ encoding: 'buffer' }).writeLines(['é\n', Buffer.from([0xff])])
    client.shutdown()
    expect(await receiveAll(server)).toEqual(Buffer.from([0xc3, 0xa9, 0x0a, 0xff]))
  })

  test('it goes out whole and in order among calls of sendAll', async () => {
    const { client, server } = await ourPair()
    const received = receiveAll(server)
    const long = 'x'.repeat(500_000)
    await Promise.all([
      client.sendAll('first'),
      client.makeFile().writeLines([long, 'a\n', long, 'b\n']),
      client.sendAll('last'),
    ])
    client.shutdown()
    expect(String(await received) === `first${long}a\n${long}b\nlast`).toBe(true)
  })

  test('a peer that does not read is asked for no lines beyond a block; a shutdown waits for all', async () => {
    const { ours, raw } = await oursAndRaw('connected')
    const [line, count] = [`${'x'.repeat(999)}\n`, moreThanTheKernelHolds / 1000]
    let asked = 0
    function* lines() {
      for (; asked < count; asked++) yield line
    }
    const sent = ours.makeFile().writeLines(lines())
    ours.shutdown()
    const late = failureOf(ours.sendAll('late'))
    expect(await staysPending(sent, 300)).toBe(true)
    expect(ours.isSending).toBe(true)
    expect(asked).toBeLessThan(count)
    const collected = await raw.collect()
    await sent
    expect(asked).toBe(Math.ceil(count))
    expect(collected.length).toBe(asked * line.length)
    expect(await late).toMatchObject({ code: 'EPIPE' })
  })

  test('a close in its middle rejects it, and no further line is asked for', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    let asked = 0
    function* lines() {
      for (; ; asked++) yield 'a line without end'.repeat(1000)
    }
    const failure = failureOf(ours.makeFile().writeLines(lines()))
    await turns(5)
    const before = asked
    const closed = ours.close()
    expect(await failure).toMatchObject({ code: 'ERR_SOCKET_CLOSED' })
    expect(asked).toBe(before)
    raw.socket.destroy()
    await closed
  })
})

describe('for any bytes in any chunks over a real connection', () => {
  const byte = fc.oneof({ arbitrary: fc.nat(255), weight: 3 }, fc.constant(0x0a))
  const anyBytes = fc.array(byte, { maxLength: 200 }).map((list) => Buffer.from(list))
  const chunkSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })
  /** One step of a reader that mixes all kinds of reading. */
  const step = fc.oneof(
    fc.record({
      kind: fc.constantFrom('recv', 'tryRecv', 'read', 'readLine'),
      n: fc.integer({ min: 1, max: 20 }),
    }),
    fc.record({
      kind: fc.constantFrom('line', 'lines', 'loop', 'batch'),
      n: fc.integer({ min: 1, max: 4 }),
    }),
  )

  test('the lines of a file joined are the input', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, chunkSizes, async (bytes, sizes) => {
        const { ours, raw } = await oursAndRaw('connected')
        const fed = feed(raw, bytes, sizes)
        const lines: Buffer[] = []
        for await (const line of ours.makeFile({ encoding: 'buffer' })) lines.push(line)
        await fed
        expect(Buffer.concat(lines)).toEqual(bytes)
        for (const line of lines.slice(0, -1)) expect(line.indexOf(0x0a)).toBe(line.length - 1)
      }),
      { numRuns: 25 },
    )
  })

  test('any mix of readers takes every byte once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBytes,
        chunkSizes,
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...sides),
        async (bytes, sizes, steps, side) => {
          const { ours, raw } = await oursAndRaw(side)
          const fed = feed(raw, bytes, sizes)
          const taken: Buffer[] = []
          for (const { kind, n } of steps) taken.push(await takeSome(ours, kind, n))
          taken.push(await receiveAll(ours))
          await fed
          expect(Buffer.concat(taken)).toEqual(bytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('text read in any mix of files is the text of the same pieces', async () => {
    const text = fc.array(fc.constantFrom('a', '\n', 'é', '€', '😀', '\uFEFF'), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        text.map((letters) => letters.join('')),
        chunkSizes,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
        async (input, sizes, counts) => {
          const { ours, raw } = await oursAndRaw('connected')
          const fed = feed(raw, input, sizes)
          const file = ours.makeFile()
          let output = ''
          for (const count of counts) {
            output += count % 2 === 0 ? await file.readLine(count) : await file.read(count)
          }
          output += await file.read()
          await fed
          expect(output).toBe(input)
        },
      ),
      { numRuns: 30 },
    )
  })
})

/** Takes some bytes from a socket in one of its ways and gives them. */
async function takeSome(socket: TcpSocket, kind: string, n: number): Promise<Buffer> {
  const file = socket.makeFile({ encoding: 'buffer' })
  if (kind === 'recv') return socket.recv(n)
  if (kind === 'tryRecv') return socket.tryRecv(n) ?? Buffer.alloc(0)
  if (kind === 'read') return file.read(n)
  if (kind === 'readLine') return file.readLine(n)
  if (kind === 'line') return file.readLine()
  if (kind === 'lines') return Buffer.concat(await file.readLines(n * 10))
  const taken: Buffer[] = []
  if (kind === 'loop') {
    for await (const line of file) {
      taken.push(line)
      if (taken.length === n) break
    }
    return Buffer.concat(taken)
  }
  for await (const batch of file.batches()) {
    taken.push(...batch)
    break
  }
  return Buffer.concat(taken)
}
