// The segmenter: the same seed cuts the same stream at the same offsets, on every machine.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pieceSizes, SEED_LIMIT } from '../../src/relay/cuts.ts'

const seeds = fc.integer({ min: 0, max: SEED_LIMIT - 1 })

function first(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next)
}

describe('pieceSizes', () => {
  // The expected sizes are those of mulberry32 as its author published it, in C.
  it.each([
    [0, [2, 1, 2, 2, 4, 4, 5, 5, 4, 5, 2, 1]],
    [1, [5, 1, 4, 7, 7, 2, 5, 6, 3, 7, 4, 4]],
    [7, [1, 1, 7, 5, 4, 3, 4, 2, 4, 6, 2, 2]],
    [42, [5, 4, 6, 5, 2, 4, 2, 5, 7, 4, 2, 7]],
    [4_294_967_295, [7, 2, 6, 7, 6, 4, 5, 4, 1, 7, 7, 2]],
  ])('with seed %i gives the sizes that it gives everywhere', (seed, sizes) => {
    expect(first(sizes.length, pieceSizes(seed, 1, 7))).toEqual(sizes)
  })

  it('uses all 32 bits of a random number', () => {
    const sizes = first(3, pieceSizes(42, 0, SEED_LIMIT - 1))
    expect(sizes).toEqual([2_581_720_956, 1_925_393_290, 3_661_312_704])
  })

  it('stays from min to max, for every seed and every range', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1_000_000), fc.nat(1_000_000), (seed, low, extra) => {
        const [min, max] = [1 + low, 1 + low + extra]
        const sizes = first(50, pieceSizes(seed, min, max))
        expect(sizes.every(Number.isInteger)).toBe(true)
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(min)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(max)
      }),
    )
  })

  it('makes every size about equally often', () => {
    const counts = new Map<number, number>()
    for (const size of first(7000, pieceSizes(3, 1, 7))) {
      counts.set(size, (counts.get(size) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('keeps a state of its own for each stream', () => {
    const [one, other] = [pieceSizes(9, 1, 5), pieceSizes(9, 1, 5)]
    const pairs = Array.from({ length: 20 }, () => [one(), other()])
    for (const [a, b] of pairs) expect(a).toBe(b)
  })

  it('gives neighbouring seeds different cuts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SEED_LIMIT - 2 }), (seed) => {
        const [one, next] = [pieceSizes(seed, 1, 7), pieceSizes(seed + 1, 1, 7)]
        expect(first(40, one)).not.toEqual(first(40, next))
      }),
    )
  })
})
