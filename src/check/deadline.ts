// The time limit of a step, as the reason of an aborted signal.

/** A step's time is over. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
}

/** Resolves as the promise does; rejects with `signal.reason` if the signal is first. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
