// What strace really wrote of three programs: a C program full of traps, a JVM, a Node.js server.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { read } from './strace.ts'

const recorded = (name: string) =>
  readFileSync(new URL(`recorded/${name}.txt`, import.meta.url), 'latin1')

const texts = ['c', 'java', 'node'].map((name) => [name, recorded(name)] as const)

describe.each(texts)('the recorded trace of the %s program', (_, text) => {
  const whole = read(text)

  test.each([1, 3, 7])('brings the same calls %i characters at a time', (size) => {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(read(text, chunks).records).toEqual(whole.records)
  })

  test('brings the same calls in chunks of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 50 }), (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), text.length]
        const chunks = borders.slice(1).map((end, index) => text.slice(borders[index], end))
        expect(read(text, chunks).records).toEqual(whole.records)
      }),
      { numRuns: 20 },
    )
  })

  test('is read to its end with lines missing, doubled and damaged', () => {
    const lines = text.split('\n')
    const change = fc.record({
      at: fc.nat(lines.length),
      how: fc.constantFrom('missing', 'doubled', 'cut'),
      where: fc.nat(200),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const damaged = [...lines]
        for (const { at, how, where } of changes) {
          const line = damaged[at] ?? ''
          const instead = { missing: [], doubled: [line, line], cut: [line.slice(0, where)] }
          damaged.splice(at, 1, ...instead[how])
        }
        expect(read(damaged.join('\n')).records.length).toBeLessThan(1000)
      }),
      { numRuns: 50 },
    )
  })

  test('has streams without a gap, and both ends agree on the bytes', () => {
    const streams = new Map<string, number>()
    for (const { call, socket, bytes, offset } of whole.records) {
      if (bytes === undefined || offset === undefined) continue
      const stream = `${call} ${socket}`
      expect(offset).toBe(streams.get(stream) ?? 0)
      streams.set(stream, offset + bytes)
    }
    expect(streams.size).toBeGreaterThan(3)
  })
})

test('the C program: its calls in order', () => {
  expect(read(recorded('c')).brief).toMatchSnapshot()
})

test('the JVM: threads, IPv4 through IPv6, and no socket that is only tried out', () => {
  expect(read(recorded('java')).brief).toMatchSnapshot()
})

test('the Node.js server: epoll, a nonblocking connect, both ends in one process', () => {
  expect(read(recorded('node')).brief).toMatchSnapshot()
})
