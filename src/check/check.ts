// Checks a program against the steps of a role, one after another.
import type { TraceCall } from '../trace/format.ts'
import { observe } from '../trace/observe.ts'
import { type CheckOptions, Session } from './session.ts'
import { type Step, Uncheckable, Unmet } from './step.ts'
import { endWords } from './words.ts'

const STDERR_LINES = 20
const MS_PER_SECOND = 1000
const INTERRUPTED = 'the check was interrupted'

/** What was seen of a step that failed. */
export interface Failure {
  readonly expected: string
  readonly came: string
  /** The last lines that the program printed on stderr. */
  readonly stderr: readonly string[]
  /** How the program ended; undefined if it still ran. */
  readonly ending: string | undefined
  /** The calls that were made at our end; `at` counts from the start of the step. */
  readonly calls: readonly TraceCall[]
}

export interface StepResult {
  readonly step: Step
  readonly seconds: number
  readonly outcome:
    | { readonly is: 'held'; readonly note: string | undefined }
    | { readonly is: 'failed'; readonly failure: Failure }
    | { readonly is: 'unchecked'; readonly why: string; readonly stderr: readonly string[] }
}

/**
 * Runs each step with a program of its own, and tells `onResult` of it. Resolves with a result for
 * every step: after one that could not be checked at all, or an interruption by `signal`, the
 * others are not checked either. Nothing of the program is left when it resolves.
 */
export async function check(
  steps: readonly Step[],
  options: CheckOptions,
  signal: AbortSignal,
  onResult: (result: StepResult) => void = () => {},
): Promise<StepResult[]> {
  const results: StepResult[] = []
  for (const step of steps) {
    const before = results.at(-1)
    const result =
      before?.outcome.is === 'unchecked'
        ? { step, seconds: 0, outcome: before.outcome }
        : await runStep(step, options, signal, before === undefined)
    results.push(result)
    onResult(result)
  }
  return results
}

async function runStep(
  step: Step,
  options: CheckOptions,
  signal: AbortSignal,
  isFirst: boolean,
): Promise<StepResult> {
  const startedAt = performance.now()
  const session = new Session(options, signal)
  const calls: TraceCall[] = []
  // A call that waits is told of twice; it is enough to know how it returned.
  const write = (call: TraceCall) => void (call.waiting || calls.push(call))
  const stop = observe([{ write, end: () => {} }])
  try {
    const outcome = await tryStep(step, session, isFirst)
    const seconds = (performance.now() - startedAt) / MS_PER_SECOND
    const last = calls.at(-1)
    await session.close()
    if (outcome.is !== 'failed') return { step, seconds, outcome }
    // That a client cannot connect belongs to the picture, if nothing comes after it.
    const isOurs = (call: TraceCall) => session.hasMade(call) || (call === last && isRefusal(call))
    const ours = calls.filter(isOurs).map((call) => ({ ...call, at: call.at - startedAt }))
    return {
      step,
      seconds,
      outcome: { is: 'failed', failure: { ...outcome.failure, calls: ours } },
    }
  } finally {
    stop()
    await session.close()
  }
}

/** How the step ends, without its calls. An error that is a mistake of ours is thrown. */
async function tryStep(
  step: Step,
  session: Session,
  isFirst: boolean,
): Promise<StepResult['outcome']> {
  try {
    return { is: 'held', note: await step.run(session) }
  } catch (error) {
    const program = session.programs.at(-1)
    const stderr = program?.stderr.lastLines(STDERR_LINES) ?? []
    if (session.isInterrupted) return { is: 'unchecked', why: INTERRUPTED, stderr: [] }
    // A program that was checked before, and now does not start, has failed this step.
    if (error instanceof Uncheckable && isFirst && !session.hasConnected) {
      return { is: 'unchecked', why: error.message, stderr }
    }
    const { expected, came } = unmetBy(error)
    const ending = program?.exit && endWords(program.exit)
    return { is: 'failed', failure: { expected, came, stderr, ending, calls: [] } }
  }
}

function unmetBy(error: unknown): { expected: string; came: string } {
  if (error instanceof Unmet) return error
  if (error instanceof Uncheckable) {
    return { expected: 'a server that lets a client connect', came: error.message }
  }
  throw error
}

function isRefusal({ call, error }: TraceCall): boolean {
  return call === 'connect' && error !== undefined
}
