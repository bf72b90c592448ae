// For programs of the tests that start others: an end by a signal is an end with the exit handlers.

/** What is running ends with this process, by the handlers of `exit`. */
export function endBySignal(): void {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.once(signal, () => process.exit(128 + number))
  }
}
