// The report as JUnit XML, in the form that both Ant's schema and Jenkins' allow.
import { hostname } from 'node:os'
import { visible } from '../terminal/visible.ts'
import type { StepResult } from './check.ts'
import { detailsOf, REPORT_WIDTH, summaryOf } from './report.ts'

const XML = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' }

/** Returns the document: a testcase for each step, of the class `pynet.<role>`. */
export function junitReport(role: string, command: string, results: readonly StepResult[]): string {
  const count = (is: StepResult['outcome']['is']) =>
    results.filter(({ outcome }) => outcome.is === is).length
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0)
  const suite = {
    name: role,
    package: 'pynet',
    id: 0,
    tests: results.length,
    failures: count('failed'),
    errors: count('unchecked'),
    time: seconds.toFixed(3),
    // UTC; the schema allows no zone.
    timestamp: new Date().toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length),
    hostname: hostname() || 'localhost',
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `<testsuite${attributes(suite)}>`,
    `<properties><property${attributes({ name: 'command', value: command })}/></properties>`,
    ...results.map((result) => testcase(role, result)),
    `<system-out>${escaped(summaryOf(results))}</system-out>`,
    '<system-err></system-err>',
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testcase(role: string, result: StepResult): string {
  const { step, seconds, outcome } = result
  const about = { name: step.name, classname: `pynet.${role}`, time: seconds.toFixed(3) }
  const open = `<testcase${attributes(about)}`
  if (outcome.is === 'held') return `${open}/>`
  const details = escaped(detailsOf(result, REPORT_WIDTH).join('\n'))
  const [element, cause] =
    outcome.is === 'failed'
      ? ['failure', { type: 'unmet', message: `expected ${outcome.failure.expected}` }]
      : ['error', { type: 'unchecked', message: outcome.why }]
  return `${open}><${element}${attributes(cause)}>${details}</${element}></testcase>`
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replace(/[\n\t]/g, entity)}"`)
    .join('')
}

/** Text as XML, in which the control characters and two others have no place (XML 1.0, 2.2). */
function escaped(text: string): string {
  return visible(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, entity)
}

function entity(character: string): string {
  return XML[character as keyof typeof XML]
}
