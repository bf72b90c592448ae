// Waits for conditions, never for time: each wait ends as soon as what it waits for is there.
import { setTimeout as delay } from 'node:timers/promises'

/** Far beyond what a loaded machine needs, and below the time limit of a test. */
export const patienceMs = 25_000
const pollIntervalMs = 10

/** Gives the promise's value, or says what did not happen in time and what was there instead. */
export async function within<Value>(
  promise: Promise<Value>,
  what: string,
  found: () => string = () => 'nothing',
  limitMs = patienceMs,
): Promise<Value> {
  const timer = new AbortController()
  const tooLate = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not within ${limitMs} ms: ${what}; there was ${found()}`)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    timer.abort()
    tooLate.catch(() => {})
  }
}

/** Asks again and again until the condition gives something other than false or undefined. */
export async function waitUntil<Value>(
  condition: () => Value | Promise<Value>,
  what: string,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    const value = await condition()
    if (value !== undefined && value !== null && value !== false) return value
    await delay(pollIntervalMs)
  }
  throw new Error(`not within ${patienceMs} ms: ${what}`)
}
