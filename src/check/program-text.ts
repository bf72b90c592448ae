// What a program is expected to print.
import { setTimeout as delay } from 'node:timers/promises'
import { orAbort } from './deadline.ts'
import type { Program } from './program.ts'
import type { Session } from './session.ts'

/** More than enough may come right behind enough. */
const SETTLE_MS = 300

/**
 * Resolves with all that the program has printed on stdout: when it has ended, a moment after
 * there is enough, or when the step's time is over.
 */
export async function waitForOutput(
  session: Session,
  program: Program,
  isEnough: (bytes: Buffer) => boolean,
): Promise<Buffer> {
  const { stdout } = program
  let stop = () => {}
  const enough = new Promise<void>((resolve) => {
    const look = () => isEnough(stdout.bytes) && resolve()
    stop = stdout.watch(look)
    look()
  })
  try {
    await orAbort(Promise.race([program.ended, enough]), session.signal)
    await Promise.race([program.ended, delay(SETTLE_MS, undefined, { ref: false })])
  } catch {
    session.throwIfInterrupted()
  } finally {
    stop()
  }
  return stdout.bytes
}
