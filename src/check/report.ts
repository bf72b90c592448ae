// What is told of each step: a line, and of one that failed all that helps to mend the program.
import { buildLadder } from '../ladder/build.ts'
import { textLadder } from '../ladder/text.ts'
import { visible } from '../terminal/visible.ts'
import { TRACE_FORMAT, TRACE_VERSION, type Trace, type TraceCall } from '../trace/format.ts'
import type { StepResult } from './check.ts'

/** Of a report in a file, and where the terminal does not say. */
export const REPORT_WIDTH = 80
const INDENT = '    '
/** A line of a program's stderr is cut behind so many characters. */
const MAX_LINE = 400

/** `✓ ends its data after the copies` */
export function headOf({ step, outcome }: StepResult): string {
  const note = outcome.is === 'held' && outcome.note !== undefined ? ` (${outcome.note})` : ''
  return `${outcome.is === 'held' ? '✓' : '✗'} ${step.name}${note}`
}

/** What to know of a step that did not hold, in lines of at most `width` columns where it matters. */
export function detailsOf({ step, outcome }: StepResult, width: number): string[] {
  if (outcome.is === 'held') return []
  if (outcome.is === 'unchecked') {
    return indented([`not checked: ${outcome.why}`, ...stderrLines(outcome)])
  }
  const { failure } = outcome
  return indented([
    `expected: ${failure.expected}`,
    `came:     ${failure.came}`,
    `read:     section ${step.section} of the tutorial`,
    `program:  ${failure.ending ?? 'still ran'}`,
    ...stderrLines(failure),
    ...ladderLines(failure.calls, width - INDENT.length),
  ])
}

/** `12 of 14 held` */
export function summaryOf(results: readonly StepResult[]): string {
  const held = results.filter(({ outcome }) => outcome.is === 'held')
  return `${held.length} of ${results.length} held`
}

function stderrLines({ stderr }: { stderr: readonly string[] }): string[] {
  const lines = stderr.map((line) => {
    const shown = visible(line)
    return shown.length <= MAX_LINE ? `  ${shown}` : `  ${shown.slice(0, MAX_LINE)}…`
  })
  return lines.length === 0 ? [] : ['stderr:', ...lines]
}

/** The step's calls as the partner saw them. */
function ladderLines(calls: readonly TraceCall[], width: number): string[] {
  if (calls.length === 0) return []
  const trace: Trace = {
    name: 'the partner',
    header: {
      format: TRACE_FORMAT,
      version: TRACE_VERSION,
      source: 'pynet',
      program: 'pynet check',
      pid: process.pid,
      startedAt: new Date(performance.timeOrigin).toISOString(),
    },
    calls,
    isCutShort: false,
  }
  return [
    '',
    ...textLadder(buildLadder([trace]), { width })
      .trimEnd()
      .split('\n'),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : INDENT + line))
}
