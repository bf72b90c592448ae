// Breaks: exactly so many bytes, in whatever chunks they come, and then the end or a reset.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { broken } from '../../src/relay/breaks.ts'
import { codeOf } from '../../src/socket/index.ts'
import { failureOf } from '../support/sockets.ts'
import { chunksOf, streamOf } from './support.ts'

describe('broken', () => {
  it('ends after exactly so many bytes, for any chunks', async () => {
    const writes = fc.array(fc.string({ minLength: 1, maxLength: 9, unit: 'binary-ascii' }))
    await fc.assert(
      fc.asyncProperty(writes, fc.nat(60), async (chunks, endAfter) => {
        const received = await chunksOf(broken(streamOf(chunks), { endAfter }))
        expect(received.join('')).toBe(chunks.join('').slice(0, endAfter))
      }),
    )
  })

  it('resets after exactly so many bytes, again and again', async () => {
    const next = broken(streamOf(['abc', 'def']), { resetAfter: 4 })
    expect(String(await next())).toBe('abc')
    expect(String(await next())).toBe('d')
    expect(codeOf(await failureOf(next()))).toBe('ECONNRESET')
    expect(codeOf(await failureOf(next()))).toBe('ECONNRESET')
  })

  it('does not break a stream that ends before', async () => {
    expect(await chunksOf(broken(streamOf(['abc']), { resetAfter: 4 }))).toEqual(['abc'])
  })

  it('breaks at byte 0 before anything comes', async () => {
    const never = () => new Promise<Buffer>(() => {})
    expect(await broken(never, { endAfter: 0 })()).toHaveLength(0)
    expect(codeOf(await failureOf(broken(never, { resetAfter: 0 })()))).toBe('ECONNRESET')
  })
})
