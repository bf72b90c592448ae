// The report as Gradescope's results.json: a score for each step.
import type { StepResult } from './check.ts'
import { detailsOf, headOf, REPORT_WIDTH, summaryOf } from './report.ts'

/** Returns the document: a test for each step, worth one point. */
export function gradescopeReport(results: readonly StepResult[]): string {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0)
  const report = {
    output: summaryOf(results),
    execution_time: Math.ceil(seconds),
    visibility: 'visible',
    tests: results.map((result, index) => {
      const isHeld = result.outcome.is === 'held'
      return {
        number: String(index + 1),
        name: result.step.name,
        score: isHeld ? 1 : 0,
        max_score: 1,
        status: isHeld ? 'passed' : 'failed',
        output: [headOf(result), ...detailsOf(result, REPORT_WIDTH)].join('\n'),
        output_format: 'text',
        visibility: 'visible',
      }
    }),
  }
  return `${JSON.stringify(report, undefined, 2)}\n`
}
