// check: runs a program against a hard partner, and says step by step what held and what did not.
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { check, type StepResult } from '../check/check.ts'
import { gradescopeReport } from '../check/gradescope.ts'
import { junitReport } from '../check/junit.ts'
import { detailsOf, headOf, REPORT_WIDTH, summaryOf } from '../check/report.ts'
import { ROLES, type RoleName } from '../check/roles.ts'
import { replaceFile } from '../ladder/picture-file.ts'
import { SEED_LIMIT } from '../relay/cuts.ts'
import { stepColours } from '../terminal/colours.ts'
import { positiveSeconds, wholeNumber } from './shared/arguments.ts'
import type { Context } from './shared/context.ts'

const EXIT_UNMET = 1
const EXIT_UNCHECKED = 3
const DEFAULT_SEED = 1
const DEFAULT_TIMEOUT_MS = 10_000

interface CheckOptions {
  strict?: boolean
  seed?: number
  timeout?: number
  copies?: number
  goAheadInput?: string
  junit?: string
  gradescope?: string
}

/** Checks the command step by step, prints and reports what held, and returns the exit code. */
async function checkProgram(
  name: RoleName,
  command: readonly string[],
  options: CheckOptions,
  { terminal, signal }: Context,
): Promise<number> {
  const steps = ROLES[name].steps.filter(({ strict }) => options.strict || !strict)
  const { seed = DEFAULT_SEED, timeout: timeoutMs = DEFAULT_TIMEOUT_MS, copies } = options
  const goAheadInput = `${options.goAheadInput ?? ''}\n`
  const width = terminal.output.columns ?? REPORT_WIDTH
  let last: StepResult['outcome'] | undefined
  const print = (result: StepResult) => {
    const { outcome } = result
    // Why nothing can be checked is told once.
    const details = outcome === last ? [] : detailsOf(result, width)
    last = outcome
    // A print that fails interrupts the check.
    terminal.output.printOwn(stepColours[outcome.is](`${headOf(result)}\n`)).catch(() => {})
    terminal.print(details.map((line) => `${line}\n`).join('')).catch(() => {})
  }
  const settings = { command, seed, timeoutMs, copies, goAheadInput }
  const results = await check(steps, settings, signal, print)
  // Where one of them cannot be written, the others are all the more needed.
  const written = await Promise.allSettled([
    terminal.print(`${summaryOf(results)}\n`),
    writeReport(options.junit, () => junitReport(name, command.join(' '), results)),
    writeReport(options.gradescope, () => gradescopeReport(results)),
  ])
  for (const one of written) if (one.status === 'rejected') throw one.reason
  return exitCodeOf(results)
}

function exitCodeOf(results: readonly StepResult[]): number {
  const outcomes = results.map(({ outcome }) => outcome.is)
  if (outcomes.every((is) => is === 'held')) return 0
  return outcomes.every((is) => is === 'unchecked') ? EXIT_UNCHECKED : EXIT_UNMET
}

async function writeReport(path: string | undefined, makeText: () => string): Promise<void> {
  if (path !== undefined) await replaceFile(path, makeText(), `the report ${path}`)
}

/** The command line of check. */
export function declare(command: Command, context: Context): void {
  // Behind the program's name every word is the program's, also one with a dash.
  command.parent?.enablePositionalOptions()
  command
    .enablePositionalOptions()
    .argument('<role>', 'which program it plays', unknownRole)
    .argument('[command...]', 'the program to check, and its arguments')
    .action(() => {}) // never reached: a role is a command of its own
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (role) => role.name() })
    .usage('<role> [options] [--] <command> [args...]')
    .addHelpText(
      'after',
      `
Runs your program against a partner that cuts, delays and breaks what it sends,
and says which of the role's requirements hold. {host} and {port} in the command
are replaced. The string of echo-client and the command of wps-client are the
last argument.

Exit codes: 0 all held; 1 something did not; 3 it could not be checked.

Examples:
  pynet check echo-server python3 tms.py {port}
  pynet check echo-client --seed 7 python3 tmc.py {host} {port} abc
  pynet check str-server --strict --junit report.xml -- ./my_server -p {port}
  pynet check echo-server --copies 3 -- java Server {port} 3`,
    )
  addOptions(command)
  for (const [name, { summary }] of Object.entries(ROLES)) {
    const role = command
      .command(name)
      .summary(summary)
      .helpOption('-h, --help', 'print this help')
      .description(`Check a program that plays ${name}: ${summary}.`)
      .usage('[options] [--] <command> [args...]')
      .passThroughOptions()
      .argument('<command...>', 'the program to check, and its arguments')
    addOptions(role).action(async (words: string[]) => {
      const options = role.optsWithGlobals<CheckOptions>()
      const { junit, gradescope } = options
      if (junit && gradescope && resolve(junit) === resolve(gradescope)) {
        role.error(`both reports cannot be in ${junit}: give each a file of its own`)
      }
      context.exitCode = await checkProgram(name as RoleName, words, options, context)
    })
  }
}

/** Reads what is no role: the roles are commands, and commander looks for these first. */
function unknownRole(): never {
  throw new InvalidArgumentError(`It must be ${Object.keys(ROLES).join(', ')}.`)
}

/** The options may stand before the role or behind it. */
function addOptions(command: Command): Command {
  return command
    .option('--strict', "ask also what the tutorial's own programs do not do")
    .option('--seed <n>', 'decides letters and pieces (default: 1)', wholeNumber(0, SEED_LIMIT - 1))
    .option('--timeout <seconds>', 'the time limit of each step (default: 10)', positiveSeconds)
    .option('--copies <n>', 'how many copies an echo-server must send', wholeNumber(1))
    .option('--go-ahead-input <text>', 'what to type as its go-ahead (default: Enter alone)')
    .option('--junit <file>', 'write a report as JUnit XML')
    .option('--gradescope <file>', "write a report as Gradescope's results.json")
}
