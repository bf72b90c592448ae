// A delay: everything comes later, in order, and no slower.
import { describe, expect, it } from 'vitest'
import { delayed } from '../../src/relay/delay.ts'
import { failureOf, turns } from '../support/sockets.ts'
import { chunksOf, streamOf } from './support.ts'

const DELAY_MS = 60

async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now()
  const value = await run()
  return { value, ms: performance.now() - start }
}

describe('delayed', () => {
  it('passes chunks on in their order, none of them early', async () => {
    const { value, ms } = await timed(() => chunksOf(delayed(streamOf(['a', 'bc', 'd']), DELAY_MS)))
    expect(value).toEqual(['a', 'bc', 'd'])
    expect(ms).toBeGreaterThanOrEqual(DELAY_MS)
  })

  it('delays a thousand chunks by the time of one, not of a thousand', async () => {
    const chunks = Array.from({ length: 1000 }, () => 'x')
    const { value, ms } = await timed(() => chunksOf(delayed(streamOf(chunks), DELAY_MS)))
    expect(value).toHaveLength(1000)
    expect(ms).toBeLessThan(20 * DELAY_MS)
  })

  it.each([
    ['large', 65_536, 100],
    ['tiny', 1, 5000],
  ])(
    'reads no further than its window when nobody takes what it holds: %s chunks',
    async (_size, bytes, most) => {
      let reads = 0
      const chunk = Buffer.alloc(bytes)
      const next = delayed(async () => {
        reads++
        return chunk
      }, 0)
      const first = next()
      await turns(3)
      expect(reads).toBeLessThan(most)
      const before = reads
      await first
      for (let count = 0; count < before; count++) await next()
      expect(reads).toBeGreaterThan(before)
    },
  )

  it('delays a failure too, and rejects again and again', async () => {
    const lost = new Error('lost')
    const next = delayed(streamOf(['a'], lost), DELAY_MS)
    const { value, ms } = await timed(async () => {
      expect(String(await next())).toBe('a')
      return failureOf(next())
    })
    expect(value).toBe(lost)
    expect(ms).toBeGreaterThanOrEqual(DELAY_MS)
    expect(await failureOf(next())).toBe(lost)
  })

  it('ends again and again', async () => {
    const next = delayed(streamOf([]), 1)
    expect(await next()).toHaveLength(0)
    expect(await next()).toHaveLength(0)
  })
})
