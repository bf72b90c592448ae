// Time limits: Node's timers take no more than 24.8 days, and fire at once beyond that.

const MAX_TIMER_MS = 2 ** 31 - 1

/** Calls `callback` after so many milliseconds; never for Infinity. */
export function startTimer(callback: () => void, ms: number): NodeJS.Timeout | undefined {
  return ms === Infinity ? undefined : setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
}

/** @throws RangeError for what is no time, such as NaN. */
export function checkMilliseconds(name: string, ms: number | undefined): void {
  if (ms !== undefined && !(ms >= 0)) {
    throw new RangeError(`${name} must be a number of milliseconds, not ${ms}`)
  }
}
