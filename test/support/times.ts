// How long things take, on machines that may be busy with other things.

/** How long each of so many runs took, in milliseconds, one after another. */
export async function timesOf(count: number, run: (index: number) => unknown): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begin = performance.now()
    await run(index)
    times.push(performance.now() - begin)
  }
  return times
}

/** The middle one: a single late answer may be the fault of a busy machine. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
