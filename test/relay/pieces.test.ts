// Pieces: cut at the same bytes whatever came at a time, held for a while, and spaced.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pieceSizes } from '../../src/relay/cuts.ts'
import { inPieces, spaced } from '../../src/relay/pieces.ts'
import { failureOf, oursAndRaw } from '../support/sockets.ts'
import { chunksOf, streamOf } from './support.ts'

/** Longer than any test waits: a piece is held until it is full. */
const NEVER_MS = 60_000

/** Sizes that begin with these, and are 100 after them. */
function sizes(...first: number[]): () => number {
  return () => first.shift() ?? 100
}

describe('inPieces', () => {
  it('cuts three sends of 10 bytes as it cuts one of 30', async () => {
    const text = 'abcdefghijABCDEFGHIJ0123456789'
    const cut = (...sends: string[]) =>
      chunksOf(inPieces(streamOf(sends), pieceSizes(7, 1, 3), NEVER_MS))
    const pieces = await cut(text)
    expect(pieces.slice(0, 4)).toEqual(['a', 'b', 'cde', 'fgh'])
    expect(await cut(text.slice(0, 10), text.slice(10, 20), text.slice(20))).toEqual(pieces)
  })

  it('gives the same pieces, and every byte, for any writes', async () => {
    const cuts = fc.record({
      seed: fc.nat(),
      min: fc.integer({ min: 1, max: 9 }),
      more: fc.nat(20),
    })
    const writes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(writes, cuts, async (chunks, { seed, min, more }) => {
        const cut = (sends: Uint8Array[]) =>
          chunksOf(inPieces(streamOf(sends), pieceSizes(seed, min, min + more), NEVER_MS))
        const whole = Buffer.concat(chunks)
        const pieces = await cut(chunks)
        expect(pieces).toEqual(await cut(whole.length === 0 ? [] : [whole]))
        expect(pieces.join('')).toBe(whole.toString('latin1'))
        const nextSize = pieceSizes(seed, min, min + more)
        for (const piece of pieces.slice(0, -1)) expect(piece).toHaveLength(nextSize())
      }),
    )
  })

  it('passes a piece on after a silence, and moves no later cut', async () => {
    let goOn = () => {}
    const silence = new Promise<void>((resolve) => (goOn = resolve))
    const sender = [async () => 'ab', () => silence.then(() => 'cdefg'), async () => 'h']
    const recv = async () => Buffer.from((await sender.shift()?.()) ?? '')
    const next = inPieces(recv, sizes(3, 3), 10)
    expect(String(await next())).toBe('ab')
    goOn()
    expect(await chunksOf(next)).toEqual(['c', 'def', 'gh'])
  })

  it('holds a piece while its bytes keep coming', async () => {
    const letters = [...'abcdef']
    const recv = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return Buffer.from(letters.shift() ?? '')
    }
    expect(await chunksOf(inPieces(recv, sizes(6), 2000))).toEqual(['abcdef'])
  })

  it('does not take a busy process for a silent sender', async () => {
    const { ours, raw } = await oursAndRaw('accepted')
    const recvBusily = () => {
      raw.socket.write('bc')
      // The bytes are there before the gap is over, but nothing runs that could take them.
      queueMicrotask(() => {
        const end = performance.now() + 30
        while (performance.now() < end);
      })
      return ours.recv(2)
    }
    const recvs = [async () => Buffer.from('a'), recvBusily]
    const next = inPieces(async () => (await recvs.shift()?.()) ?? Buffer.alloc(0), sizes(3), 5)
    expect(String(await next())).toBe('abc')
  })

  it('passes on what it holds before it rejects, again and again', async () => {
    const lost = new Error('lost')
    const next = inPieces(streamOf(['abcd'], lost), sizes(3, 3), NEVER_MS)
    expect(String(await next())).toBe('abc')
    expect(String(await next())).toBe('d')
    expect(await failureOf(next())).toBe(lost)
    expect(await failureOf(next())).toBe(lost)
  })

  it('ends an empty stream at once, again and again', async () => {
    const next = inPieces(streamOf([]), sizes(3), NEVER_MS)
    expect(await next()).toHaveLength(0)
    expect(await next()).toHaveLength(0)
  })
})

describe('spaced', () => {
  it('leaves at least the time asked for between two chunks', async () => {
    const next = spaced(streamOf(['a', 'b', 'c', 'd']), 5)
    const times: number[] = []
    for (let count = 0; count < 4; count++) {
      await next()
      times.push(performance.now())
    }
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(4.9)
  })
})
