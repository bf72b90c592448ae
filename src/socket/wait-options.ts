// Calls that wait can be aborted.

/** What any call that may wait takes: a signal whose abort rejects it with `signal.reason`. */
export interface WaitOptions {
  signal?: AbortSignal | undefined
}
