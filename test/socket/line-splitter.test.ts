// The line splitter: a pure function with a memory, so every chunking can be tried.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from '../../src/index.ts'
import { pieces } from '../support/sockets.ts'

const tooLong = { code: 'ERR_LINE_TOO_LONG' }

/** All lines of a text that is pushed in pieces of the given sizes. */
function splitText(bytes: Uint8Array | string, sizes: readonly number[]): string[] {
  const splitter = new LineSplitter()
  const lines = pieces(Buffer.from(bytes), sizes).flatMap((piece) => splitter.push(piece))
  return [...lines, ...splitter.end()]
}

function splitBytes(bytes: Uint8Array | string, sizes: readonly number[]): Buffer[] {
  const splitter = new LineSplitter({ encoding: 'buffer' })
  const lines = pieces(Buffer.from(bytes), sizes).flatMap((piece) => splitter.push(piece))
  return [...lines, ...splitter.end()]
}

/** The lines by the definition: cut after each 0x0A, and nothing else. */
function linesByDefinition(bytes: Uint8Array): Buffer[] {
  const lines: number[][] = [[]]
  for (const byte of bytes) {
    lines.at(-1)?.push(byte)
    if (byte === 0x0a) lines.push([])
  }
  return lines.filter((line) => line.length > 0).map((line) => Buffer.from(line))
}

/** Pushes everything; gives the lines that came out and the error that ended them, if one did. */
function splitUntilError(bytes: Uint8Array, sizes: readonly number[], maxLineBytes: number) {
  const splitter = new LineSplitter({ encoding: 'buffer', maxLineBytes })
  const lines: Buffer[] = []
  try {
    for (const piece of pieces(bytes, sizes)) lines.push(...splitter.push(piece))
    lines.push(...splitter.end())
  } catch (error) {
    return { lines, error }
  }
  return { lines, error: undefined }
}

/** Newlines often enough that lines of every length come about. */
const byte = fc.oneof({ arbitrary: fc.nat(255), weight: 3 }, fc.constant(0x0a))
const anyBytes = fc.array(byte, { maxLength: 300 }).map((list) => Buffer.from(list))
const chunkSizes = fc.array(fc.integer({ min: 1, max: 40 }), {
  minLength: 1,
  maxLength: 10,
})
const wellFormedText = fc
  .array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r\n', '\u2028', 'é', '😀')),
  )
  .map((parts) => parts.join(''))

describe('what a line is', () => {
  test.each([[[1]], [[3]], [[7]], [[1000]]])('chunks of %j bytes give the same lines', (sizes) => {
    const text = 'rain, snow\nor\n\nhåil 😀\nlast'
    const lines = ['rain, snow\n', 'or\n', '\n', 'håil 😀\n', 'last']
    expect(splitText(text, sizes)).toEqual(lines)
    expect(splitBytes(text, sizes)).toEqual(lines.map((line) => Buffer.from(line)))
  })

  test('only 0x0A ends a line: carriage return, NUL, U+2028, U+0085 and form feed do not', () => {
    const text = 'a\rb\r\nc\0d\u2028e\u2029f\u0085g\vh\fi\n'
    expect(splitText(text, [1])).toEqual(['a\rb\r\n', 'c\0d\u2028e\u2029f\u0085g\vh\fi\n'])
  })

  test('a byte order mark stays, at the start of the stream and of any line', () => {
    expect(splitText('\uFEFFa\n\uFEFFb\n', [2])).toEqual(['\uFEFFa\n', '\uFEFFb\n'])
  })

  test('a push gives exactly the lines that its chunk completes', () => {
    const splitter = new LineSplitter()
    expect(splitter.push(Buffer.from('a\nb\nc'))).toEqual(['a\n', 'b\n'])
    expect(splitter.push(Buffer.from(''))).toEqual([])
    expect(splitter.push(Buffer.from('d'))).toEqual([])
    expect(splitter.push(Buffer.from('\n'))).toEqual(['cd\n'])
    expect(splitter.end()).toEqual([])
  })

  test('the last line without a newline is delivered at the end, and no newline is invented', () => {
    const splitter = new LineSplitter()
    expect(splitter.push(Buffer.from('tail'))).toEqual([])
    expect(splitter.end()).toEqual(['tail'])
  })

  test('no data gives no line', () => {
    expect(new LineSplitter().end()).toEqual([])
    expect(new LineSplitter({ encoding: 'buffer' }).end()).toEqual([])
  })

  test('a Uint8Array that is a window into larger memory is taken by its window', () => {
    const memory = new Uint8Array(Buffer.from('xxa\nbyy'))
    const splitter = new LineSplitter()
    expect(splitter.push(memory.subarray(2, 5))).toEqual(['a\n'])
    expect(splitter.end()).toEqual(['b'])
  })
})

describe('characters', () => {
  test.each([1, 2, 3, 4, 5, 6])('characters cut by chunk borders of %i bytes are whole', (size) => {
    expect(splitText('aé€😀é\n€', [size])).toEqual(['aé€😀é\n', '€'])
  })

  test('a character cut by the end of data is U+FFFD', () => {
    const splitter = new LineSplitter()
    expect(splitter.push(Buffer.from('a€').subarray(0, 3))).toEqual([])
    expect(splitter.end()).toEqual(['a\uFFFD'])
  })

  test('each line is decoded on its own: a half of a character does not spoil the next line', () => {
    const bytes = Buffer.from([0xc3, 0x0a, 0xa9, 0x0a, 0x62, 0x0a])
    expect(splitText(bytes, [1])).toEqual(['\uFFFD\n', '\uFFFD\n', 'b\n'])
    expect(splitText(bytes, [100])).toEqual(['\uFFFD\n', '\uFFFD\n', 'b\n'])
  })

  test('with the encoding buffer every byte comes out as it came in', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a, 0x00])
    expect(splitBytes(bytes, [1])).toEqual([
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from([0xc3, 0x0a]),
      Buffer.from([0x00]),
    ])
  })
})

describe('memory', () => {
  test.each(['utf8', 'buffer'] as const)(
    'the caller may reuse a chunk after push (%s)',
    (encoding) => {
      const splitter = new LineSplitter({ encoding })
      const chunk = Buffer.from('abc')
      splitter.push(chunk)
      chunk.fill('x')
      expect(splitter.push(Buffer.from('d\n')).map(String)).toEqual(['abcd\n'])
    },
  )

  test('a chunk whose last line goes on may be reused, too', () => {
    const splitter = new LineSplitter({ encoding: 'buffer' })
    const chunk = Buffer.from('a\nbcd')
    splitter.push(chunk)
    chunk.fill('x')
    expect(splitter.end().map(String)).toEqual(['bcd'])
  })
})

describe('maxLineBytes', () => {
  test('a line of exactly the limit is delivered, its newline not counted', () => {
    const splitter = new LineSplitter({ maxLineBytes: 5 })
    expect(splitter.push(Buffer.from('abcde'))).toEqual([])
    expect(splitter.push(Buffer.from('\nfghij\n'))).toEqual(['abcde\n', 'fghij\n'])
    expect(splitter.push(Buffer.from('klmno'))).toEqual([])
    expect(splitter.end()).toEqual(['klmno'])
  })

  test('one byte over the limit is an error at once, before any newline', () => {
    const splitter = new LineSplitter({ maxLineBytes: 5 })
    expect(splitter.push(Buffer.from('abcde'))).toEqual([])
    expect(() => splitter.push(Buffer.from('f'))).toThrow(expect.objectContaining(tooLong))
  })

  test('the limit counts bytes, not characters', () => {
    const splitter = new LineSplitter({ maxLineBytes: 5 })
    expect(() => splitter.push(Buffer.from('ééé'))).toThrow(expect.objectContaining(tooLong))
  })

  test('lines before a line too long in one chunk are delivered first, the next call throws', () => {
    const splitter = new LineSplitter({ maxLineBytes: 3 })
    expect(splitter.push(Buffer.from('a\nbcd\nefghi\nj\n'))).toEqual(['a\n', 'bcd\n'])
    expect(() => splitter.end()).toThrow(expect.objectContaining(tooLong))
  })

  test('once failed, every further call throws the same error', () => {
    const splitter = new LineSplitter({ maxLineBytes: 1 })
    expect(() => splitter.push(Buffer.from('ab'))).toThrow(expect.objectContaining(tooLong))
    expect(() => splitter.push(Buffer.from('\nc\n'))).toThrow(expect.objectContaining(tooLong))
    expect(() => splitter.end()).toThrow(expect.objectContaining(tooLong))
  })

  test('without a limit a line of ten million bytes is a line', () => {
    const splitter = new LineSplitter({ encoding: 'buffer' })
    const chunk = Buffer.alloc(100_000, 'x')
    for (let count = 0; count < 100; count++) expect(splitter.push(chunk)).toEqual([])
    const [line] = splitter.push(Buffer.from('\n'))
    expect(line?.length).toBe(10_000_001)
  })
})

describe('for any bytes in any chunks', () => {
  test('the lines joined are the input', () => {
    fc.assert(
      fc.property(anyBytes, chunkSizes, (bytes, sizes) => {
        expect(Buffer.concat(splitBytes(bytes, sizes))).toEqual(bytes)
      }),
    )
  })

  test('the lines are those of the definition, whatever the chunks', () => {
    fc.assert(
      fc.property(anyBytes, chunkSizes, (bytes, sizes) => {
        expect(splitBytes(bytes, sizes)).toEqual(linesByDefinition(bytes))
      }),
    )
  })

  test('the text of each line is its bytes decoded on their own', () => {
    fc.assert(
      fc.property(anyBytes, chunkSizes, (bytes, sizes) => {
        const texts = linesByDefinition(bytes).map((line) => line.toString('utf8'))
        expect(splitText(bytes, sizes)).toEqual(texts)
      }),
    )
  })

  test('well-formed text comes out letter by letter', () => {
    fc.assert(
      fc.property(wellFormedText, chunkSizes, (text, sizes) => {
        expect(splitText(text, sizes).join('')).toBe(text)
      }),
    )
  })

  test('with a limit the lines before the first one too long come out, and then the error', () => {
    fc.assert(
      fc.property(anyBytes, chunkSizes, fc.integer({ min: 1, max: 12 }), (bytes, sizes, limit) => {
        const all = linesByDefinition(bytes)
        const fits = (line: Buffer) => line.length - (line.at(-1) === 0x0a ? 1 : 0) <= limit
        const bad = all.findIndex((line) => !fits(line))
        const { lines, error } = splitUntilError(bytes, sizes, limit)
        expect(lines).toEqual(bad < 0 ? all : all.slice(0, bad))
        if (bad < 0) expect(error).toBeUndefined()
        else expect(error).toMatchObject(tooLong)
      }),
    )
  })
})

test('an encoding that it does not know is a RangeError, not silently UTF-8', () => {
  const options = { encoding: 'latin1' } as unknown as { encoding: 'utf8' }
  expect(() => new LineSplitter(options)).toThrow(RangeError)
  expect(() => new LineSplitter(options)).toThrow('encoding must be utf8 or buffer, not latin1')
})
