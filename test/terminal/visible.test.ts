// What a peer's bytes look like on a terminal: none of them may steer it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unfinishedLength, visible } from '../../src/terminal/visible.ts'

const replacement = '\ufffd'
const bytesOf = (...bytes: number[]) => Buffer.from(bytes)

/** The control characters of Unicode (Cc) that a terminal may get: newline and tab alone. */
function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text.replace(/[\n\t]/g, ''))
}

describe('control characters', () => {
  test('newline and tab pass, the other C0 ones show in caret notation', () => {
    for (let code = 0; code < 0x20; code++) {
      const passes = code === 0x0a || code === 0x09
      const shown = passes ? String.fromCharCode(code) : `^${String.fromCharCode(code + 0x40)}`
      expect(visible(bytesOf(code))).toBe(shown)
      expect(visible(String.fromCharCode(code))).toBe(shown)
    }
  })

  test('DEL shows as ^?', () => {
    expect(visible(bytesOf(0x61, 0x7f, 0x62))).toBe('a^?b')
  })

  test('C1 ones show as \\xNN, in UTF-8 and as single bytes', () => {
    for (let code = 0x80; code < 0xa0; code++) {
      const shown = `\\x${code.toString(16)}`
      expect(visible(String.fromCharCode(code))).toBe(shown)
      expect(visible(bytesOf(0xc2, code))).toBe(shown)
      expect(visible(bytesOf(code))).toBe(shown)
    }
  })

  test('of the direction of text show as \\uNNNN, and marks beside them pass', () => {
    const overrides = [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]
    const all = [...overrides, 0x061c, 0x200e, 0x200f]
    for (const code of all) {
      const shown = `\\u${code.toString(16).padStart(4, '0')}`
      expect(visible(String.fromCharCode(code))).toBe(shown)
    }
    expect(visible('\u200d\u2028\u2030\u206a')).toBe('\u200d\u2028\u2030\u206a')
  })

  test.each([
    ['\x1b[31mred\x1b[0m', '^[[31mred^[[0m'],
    ['\x1b]0;title\x07', '^[]0;title^G'],
    ['\x1b]52;c;aGk=\x1b\\', '^[]52;c;aGk=^[\\'],
    ['\x9b2J', '\\x9b2J'],
    ['over\rwrite\b', 'over^Mwrite^H'],
  ])('of the sequence %j none is left', (sequence, shown) => {
    expect(visible(sequence)).toBe(shown)
    expect(visible(Buffer.from(sequence))).toBe(shown)
  })
})

describe('bytes', () => {
  test.each([
    ['a single one above ASCII', [0x61, 0xff, 0x62], 'a\\xffb'],
    ['a character cut at the end', [0x61, 0xe2, 0x82], 'a\\xe2\\x82'],
    ['a character cut in the middle', [0xe2, 0x82, 0x61], '\\xe2\\x82a'],
    ['a continuation without its lead', [0x82, 0xac], '\\x82\\xac'],
    ['an overlong newline', [0xc0, 0x8a], '\\xc0\\x8a'],
    ['an overlong ESC', [0xe0, 0x80, 0x9b], '\\xe0\\x80\\x9b'],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    ['beyond the last code point', [0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80'],
  ])('that are not UTF-8 show as \\xNN: %s', (_, bytes, shown) => {
    expect(visible(Buffer.from(bytes))).toBe(shown)
  })

  test('that are not UTF-8 change nothing in the characters around them', () => {
    const bytes = Buffer.concat([Buffer.from('é漢😀\n'), bytesOf(0x80), Buffer.from('\té')])
    expect(visible(bytes)).toBe('é漢😀\n\\x80\té')
  })

  test('of a U+FFFD that the peer sent pass as that character', () => {
    expect(visible(Buffer.from(`a${replacement}b`))).toBe(`a${replacement}b`)
    const mixed = Buffer.concat([Buffer.from(replacement), bytesOf(0xef, 0xbf)])
    expect(visible(mixed)).toBe(`${replacement}\\xef\\xbf`)
  })

  test('any of them never give a control character but newline and tab', () => {
    // Often those that matter: ESC, CSI, the leads of C1 and of U+FFFD.
    const byte = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0x1b, 0x9b, 0xc2, 0xc0, 0xef, 0xbf, 0xbd, 0x0a, 0x09, 0x7f),
    )
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => {
        expect(hasControls(visible(Buffer.from(bytes)))).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('of harmless text do not change by being shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!hasControls(text) && !/[\u202a-\u202e\u2066-\u2069]/.test(text))
        expect(visible(text)).toBe(text)
        expect(visible(Buffer.from(text))).toBe(text)
      }),
    )
  })

  test('shown stay as they are in the caller’s memory', () => {
    const bytes = bytesOf(0x61, 0x1b, 0xff)
    visible(bytes)
    expect(bytes).toEqual(bytesOf(0x61, 0x1b, 0xff))
  })
})

describe('the beginning of a character at the end', () => {
  test.each(['é', '€', '😀'])('of %s is every part of it, but not all', (character) => {
    const bytes = Buffer.from(character)
    for (let length = 1; length < bytes.length; length++) {
      const begun = Buffer.concat([Buffer.from('a'), bytes.subarray(0, length)])
      expect(unfinishedLength(begun)).toBe(length)
      expect(unfinishedLength(bytes.subarray(0, length))).toBe(length)
    }
    expect(unfinishedLength(bytes)).toBe(0)
  })

  test('is nothing of plain text, of bytes that begin none, nor of no bytes at all', () => {
    for (const bytes of [[], [0x61], [0x80], [0x80, 0x80, 0x80, 0x80], [0xc1], [0xf5], [0xff]]) {
      expect(unfinishedLength(bytesOf(...bytes))).toBe(0)
    }
  })
})
