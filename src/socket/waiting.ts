// Waiting that ends: by what it waits for, by a time limit, or by an abort, and leaves nothing behind.

/** What a call that may wait takes: a signal whose abort rejects it with `signal.reason`. */
export interface WaitOptions {
  signal?: AbortSignal | undefined
}

/** Node's timers take no more (24.8 days), and fire at once beyond that. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Returns a promise that `start` settles some time later, or an abort of `signal` with its reason.
 * In either case what `start` returned is called, to remove listeners and timers.
 */
export function abortable<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const settled = () => {
      cleanUp()
      signal?.removeEventListener('abort', abort)
    }
    const succeed = (value: T) => {
      settled()
      resolve(value)
    }
    const fail = (error: unknown) => {
      settled()
      reject(error)
    }
    const abort = () => fail(signal?.reason)
    const cleanUp = start(succeed, fail)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * Calls `onOver` when the time is over and a turn of the event loop has passed since: a process that
 * was stopped (Ctrl-Z, a suspended laptop) finds the time over before it sees the input that came in
 * time. Returns what stops it.
 */
export function startTimeout(ms: number, onOver: () => void): () => void {
  if (ms === Infinity) return () => {}
  let turn: NodeJS.Immediate | undefined
  const lookOnceMore = () => {
    turn = setImmediate(onOver)
  }
  const timer = ms > 0 ? setTimeout(lookOnceMore, clampToTimer(ms)) : undefined
  if (timer === undefined) lookOnceMore()
  return () => {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}

/** Returns the most that a timer of Node can wait of these milliseconds. */
export function clampToTimer(ms: number): number {
  return Math.min(ms, MAX_TIMER_MS)
}
