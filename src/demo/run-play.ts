// Runs a play: says what is to be seen, starts the programs, types the keys, and shows the ladder.
import { setTimeout as sleep } from 'node:timers/promises'
import { cut, wrap } from '../ladder/columns.ts'
import type { Trace } from '../trace/format.ts'
import { Summary } from '../trace/summary.ts'
import { GrowingLadder } from './growing-ladder.ts'
import { Lanes, type Paint } from './lanes.ts'
import type { Mask } from './mask.ts'
import { type Act, type Play, PORT, SERVER, type Step } from './play.ts'
import { DemoError, Program } from './program.ts'

/** How often the traces are read. */
const LOOK_EVERY_MS = 20
/** What has not happened by then never will. */
const PATIENCE_MS = 30_000

const LEGEND =
  'A lane for each program: its calls as they return (seconds since it started), and what it prints (after >). An arrow [a:b] brings bytes a to b−1 of what that end has sent. A heavy line: it is blocked.'

export interface PlayOptions {
  readonly width: number
  readonly paint: Paint
  readonly mask: Mask
  readonly print: (lines: readonly string[]) => Promise<void>
  /** Waits before and after each step. Rejects with the reason of the signal. */
  readonly pause: () => Promise<void>
  readonly signal: AbortSignal
}

/** Runs the play to its end; returns the traces. Rejects with DemoError if a program fails. */
export async function runPlay(play: Play, options: PlayOptions): Promise<Trace[]> {
  const { width, mask, print } = options
  await print([`pynet demo: ${play.title}`, '', ...wrapped(LEGEND, width)])
  const programs: Program[] = []
  for (const act of play.acts) programs.push(...(await runAct(act, options)))
  await print(['', 'What the calls came to:'])
  for (const program of programs) {
    await print(['', ...mask.summary(summaryOf(program)).map((line) => cut(line, width))])
  }
  await print(['', ...wrapped(play.closing, width)])
  return programs.flatMap(({ trace }) => trace ?? [])
}

async function runAct({ lanes: names, steps }: Act, options: PlayOptions): Promise<Program[]> {
  const { width, paint, mask, print, pause } = options
  const programs: Program[] = []
  const lanes = new Lanes(names, width, paint)
  const ladder = new GrowingLadder(lanes, mask)
  try {
    for (const { say, start, type: [typist, ...lines] = [], until } of steps) {
      await print(['', ...wrapped(say, width)])
      await pause()
      if (until !== undefined) await print(['', lanes.head()])
      if (start !== undefined) {
        const program = new Program(start[0], withPort(start[1], programs))
        programs.push(program)
        await print(ladder.start(program))
      }
      for (const line of start === undefined ? lines : [undefined]) {
        if (line !== undefined) programs.find(({ name }) => name === typist)?.type(line)
        await reach(until ?? {}, programs, ladder, options.signal)
        await print(ladder.grow(programs))
        for (const program of programs) program.mark()
      }
      await pause()
    }
    return programs
  } finally {
    await Promise.all(programs.map((program) => program.close()))
  }
}

/** Returns the command with the port on which the server listens. */
function withPort(command: string, programs: readonly Program[]): string {
  const server = programs.find(({ name }) => name === SERVER)
  const listen = server?.trace?.calls.find(({ call }) => call === 'listen')
  return command.replace(PORT, String(listen?.local?.port))
}

/** Waits until every goal is reached, and the traces agree with one another. */
async function reach(
  goals: NonNullable<Step['until']>,
  programs: readonly Program[],
  ladder: GrowingLadder,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    // A turn of the event loop: what was printed before a call waited is read before that is seen.
    await sleep(LOOK_EVERY_MS, undefined, { signal })
    const late = programs.find((program) => !program.hasReached(goals[program.name] ?? []))
    if (late === undefined && ladder.isWhole(programs)) return
    for (const program of programs) program.look()
    if (late?.status !== undefined) throw new DemoError(`"${late.commandLine}" ended too soon`)
    if (performance.now() > deadline) {
      const who = late?.commandLine ?? 'the programs'
      throw new DemoError(`"${who}" did nothing for ${PATIENCE_MS / 1000} s`)
    }
  }
}

function summaryOf({ commandLine, trace }: Program): string[] {
  const lines: string[] = []
  const summary = new Summary(commandLine, (line) => lines.push(line))
  for (const call of trace?.calls ?? []) summary.write(call)
  summary.end()
  return lines
}

function wrapped(text: string, width: number): string[] {
  return wrap(text, width).map((line) => line.trimStart())
}
