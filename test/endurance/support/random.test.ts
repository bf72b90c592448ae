// Without a generator that repeats itself, the seed of a failed fuzz run is worth nothing.
import { describe, expect, test } from 'vitest'
import { describePlan, drawPlan } from './plan.ts'
import { Random } from './random.ts'

const draw = (random: Random, count = 50) => Array.from({ length: count }, () => random.next())
const letters = (random: Random) => random.bytes(random.size(100), 0x61, 0x7a)

describe('Random', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    expect(draw(new Random(42))).toEqual(draw(new Random('42')))
    expect(draw(new Random(42))).not.toEqual(draw(new Random(43)))
  })

  test('these are the numbers of seed 42, now and in any later version', () => {
    const random = new Random(42)
    expect(Array.from({ length: 5 }, () => random.integer(0, 999))).toMatchInlineSnapshot(`
      [
        39,
        715,
        957,
        531,
        782,
      ]
    `)
  })

  test('a fork depends on its name only, not on what was drawn before', () => {
    const used = new Random(1)
    draw(used)
    expect(draw(used.fork('actor'))).toEqual(draw(new Random(1).fork('actor')))
    expect(draw(used.fork('actor 1'))).not.toEqual(draw(used.fork('actor 2')))
  })

  test('numbers keep to their limits and reach both ends', () => {
    const random = new Random(7)
    const dice = new Set(Array.from({ length: 500 }, () => random.integer(1, 6)))
    expect([...dice].sort()).toEqual([1, 2, 3, 4, 5, 6])
    const sizes = Array.from({ length: 2000 }, () => random.size(1000))
    expect(Math.min(...sizes)).toBe(1)
    expect(Math.max(...sizes)).toBeGreaterThan(900)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000)
    expect(random.bytes(500, 0x61, 0x63).toString()).toMatch(/^[abc]{500}$/)
  })

  test('chances come true about as often as they should', () => {
    const random = new Random(9)
    const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length
    expect(hits).toBeGreaterThan(2700)
    expect(hits).toBeLessThan(3300)
  })
})

test('the same seed draws the same plan, and a plan ends by leaving', () => {
  for (let seed = 0; seed < 200; seed++) {
    const plan = drawPlan(new Random(seed), letters)
    expect(drawPlan(new Random(seed), letters)).toEqual(plan)
    expect(describePlan(plan)).toMatch(/(reset|close)$/)
  }
})
