// The time limit of a step, which is the reason of an aborted signal.

/** A step's time is over. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
}

const TICK_MS = 50

/**
 * Counts down in ticks, so that only the time counts in which this process gets its turns: where a
 * machine is so busy that we are late ourselves, or was suspended, nobody is blamed for it.
 */
export class TimeLimit {
  readonly #limit = new AbortController()
  readonly #ticks: number
  readonly #timer: NodeJS.Timeout
  #left: number

  constructor(milliseconds: number) {
    this.#ticks = Math.ceil(milliseconds / TICK_MS)
    this.#left = this.#ticks
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Aborted with a TimeLimitError when the time is over. */
  get signal(): AbortSignal {
    return this.#limit.signal
  }

  /** Begins to count anew. */
  renew(): void {
    this.#left = this.#ticks
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    if (--this.#left > 0) return
    this.stop()
    this.#limit.abort(new TimeLimitError())
  }
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
