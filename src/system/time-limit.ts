// A limit on how long a piece of work may wait; its timer goes with the work.

/** The work took longer than it was given. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
  readonly code = 'ETIMEDOUT'
}

/**
 * Gives what `work` gives. After `ms` milliseconds its signal is aborted with a TimeLimitError,
 * with which the call that it waits in rejects.
 */
export async function withTimeLimit<T>(
  ms: number,
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new TimeLimitError(message)), ms)
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
  }
}
