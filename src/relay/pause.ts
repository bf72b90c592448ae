// Waiting until a point in time. A wait alone keeps no process running: the listening socket does.

/** Resolves at that time of performance.now(), never earlier, or at once if it has passed. */
export async function pauseUntil(time: number): Promise<void> {
  // A timer may go off a fraction of a millisecond early.
  for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)).unref())
  }
}
