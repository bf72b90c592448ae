// How a program is expected to go on, and to end.
import { setTimeout as delay } from 'node:timers/promises'
import { orAbort } from './deadline.ts'
import type { Exit, Program } from './program.ts'
import type { Session } from './session.ts'
import { Unmet } from './step.ts'
import { endWords } from './words.ts'

const AFTER_WORK_MS = 500

/** Expects that the program still runs after so long. `why` says what it has to wait for. */
export async function expectRunning(
  program: Program,
  milliseconds: number,
  why: string,
): Promise<void> {
  const exit = await exitWithin(program, milliseconds)
  if (exit !== undefined) throw new Unmet(`it goes on, for ${why}`, `it ${endWords(exit)}`)
}

/** Expects that the program, if it ends soon after its work, ends with exit code 0. */
export async function expectNoFailure(program: Program): Promise<void> {
  const exit = await exitWithin(program, AFTER_WORK_MS)
  if (exit === undefined || exit.code === 0) return
  throw new Unmet('exit code 0, if it ends when its work is done', `it ${endWords(exit)}`)
}

async function exitWithin({ ended }: Program, milliseconds: number): Promise<Exit | undefined> {
  const stop = new AbortController()
  const pause = delay(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined)
  const exit = await Promise.race([ended, pause])
  stop.abort()
  return exit
}

/**
 * Expects that the program ends by itself, and how. `after` follows `it ends by itself`; a
 * death by a signal is a success only where an exit code that is not 0 is asked for.
 */
export async function expectExit(
  session: Session,
  program: Program,
  after: string,
  code: '0' | 'not 0' | 'any',
): Promise<void> {
  const asked = code === 'any' ? '' : `, with an exit code that is ${code}`
  const expected = `it ends by itself ${after}${asked}`
  let exit: Exit
  try {
    exit = await orAbort(program.ended, session.signal)
  } catch {
    session.throwIfInterrupted()
    throw new Unmet(expected, 'it still runs at the time limit')
  }
  const isRight = { '0': exit.code === 0, 'not 0': exit.code !== 0, any: exit.signal === null }[
    code
  ]
  if (!isRight) throw new Unmet(expected, `it ${endWords(exit)}`)
}
