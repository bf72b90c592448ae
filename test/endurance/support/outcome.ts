// What a run has done so far, and what a failure of it looks like.

/** What is counted for the summary. */
export interface Counts {
  actions: number
  connections: number
  resets: number
  checks: number
}

export function noCounts(): Counts {
  return { actions: 0, connections: 0, resets: 0, checks: 0 }
}

/** Something was not as it has to be. */
export class Failure extends Error {
  override readonly name = 'Failure'

  constructor(what: string, expected: unknown, found: unknown) {
    super(`${what}\n  expected: ${shown(expected)}\n  there was: ${shown(found)}`)
  }
}

/** Counts a check, and throws a Failure where the condition does not hold. */
export function check(
  counts: Counts,
  condition: boolean,
  what: string,
  expected: unknown,
  found: unknown,
): asserts condition {
  counts.checks++
  if (!condition) throw new Failure(what, expected, found)
}

/** Gives the promise's value, or fails when it is not there in time. */
export async function within<Value>(
  ms: number,
  what: string,
  promise: Promise<Value>,
  found: () => unknown = () => 'nothing',
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure(what, `within ${ms} ms`, found())), ms)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

const SHOWN_CHARACTERS = 300

function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  if (text.length <= SHOWN_CHARACTERS) return text
  return `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`
}
