// The report files are of the forms that their readers publish, whatever a program has printed.
import { describe, expect, it } from 'vitest'
import type { StepResult } from '../../src/check/check.ts'
import { gradescopeReport } from '../../src/check/gradescope.ts'
import { junitReport } from '../../src/check/junit.ts'
import { readXml, type XmlElement } from '../support/xml.ts'

const hostile = 'a "b" <c> & ]]> \u0000 \u001b[31m \ufffe \u202e é 漢 \ud83d\ude00'

function step(name: string) {
  return { name, section: '2.1', run: async () => undefined }
}

const results: StepResult[] = [
  { step: step('holds'), seconds: 0.25, outcome: { is: 'held', note: undefined } },
  {
    step: step('fails'),
    seconds: 1234.5678,
    outcome: {
      is: 'failed',
      failure: {
        expected: hostile,
        came: hostile,
        stderr: [hostile, 'second line'],
        ending: 'ended with exit code 1',
        calls: [
          {
            call: 'connect',
            at: 1,
            blocked: 1,
            socket: 1,
            local: { host: '127.0.0.1', port: 40000 },
            remote: { host: '127.0.0.1', port: 2000 },
          },
        ],
      },
    },
  },
  {
    step: step('is not checked'),
    seconds: 0,
    outcome: { is: 'unchecked', why: hostile, stderr: [] },
  },
]

const decimal = /^\d+(\.\d+)?$/
const token = /^\S+( \S+)*$/
const integer = /^\d+$/
const text = /^[\s\S]*$/

/** What Ant's schema demands of each element, which is more than Jenkins' does. */
const forms: Record<string, { attributes: Record<string, RegExp>; children: RegExp }> = {
  testsuites: { attributes: {}, children: /^(testsuite )*$/ },
  testsuite: {
    attributes: {
      name: token,
      package: token,
      id: integer,
      timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
      hostname: token,
      tests: integer,
      failures: integer,
      errors: integer,
      time: decimal,
    },
    children: /^properties (testcase )*system-out system-err $/,
  },
  properties: { attributes: {}, children: /^(property )*$/ },
  property: { attributes: { name: token, value: text }, children: /^$/ },
  testcase: {
    attributes: { name: token, classname: token, time: decimal },
    children: /^((skipped|error|failure) )?$/,
  },
  failure: { attributes: { message: text, type: text }, children: /^$/ },
  error: { attributes: { message: text, type: text }, children: /^$/ },
  'system-out': { attributes: {}, children: /^$/ },
  'system-err': { attributes: {}, children: /^$/ },
}

function expectForm(element: XmlElement): void {
  const form = forms[element.name]
  expect(form, element.name).toBeDefined()
  expect(Object.keys(element.attributes).sort()).toEqual(Object.keys(form?.attributes ?? {}).sort())
  for (const [name, pattern] of Object.entries(form?.attributes ?? {})) {
    expect(element.attributes[name]).toMatch(pattern)
  }
  expect(element.children.map(({ name }) => `${name} `).join('')).toMatch(form?.children ?? /^$/)
  element.children.forEach(expectForm)
}

describe('the JUnit report', () => {
  const document = junitReport('echo-server', `server ${hostile}`, results)
  const suites = readXml(document.slice(document.indexOf('\n')))
  const [suite] = suites.children

  it("is of the form that Ant's and Jenkins' schemas publish", () => {
    expect(document).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/)
    expectForm(suites)
  })

  it('has a testcase for each step, with what is wrong as its text', () => {
    expect(suite?.attributes).toMatchObject({ tests: '3', failures: '1', errors: '1' })
    const [held, failed, unchecked] =
      suite?.children.filter(({ name }) => name === 'testcase') ?? []
    expect(held?.children).toEqual([])
    expect(failed?.attributes.name).toBe('fails')
    expect(failed?.children[0]?.name).toBe('failure')
    expect(failed?.children[0]?.text).toMatch(/expected: a "b" <c> & \]\]> \^@ \^\[\[31m/)
    expect(failed?.children[0]?.text).toMatch(/section 2\.1/)
    expect(failed?.children[0]?.text).toMatch(/connect 127\.0\.0\.1:2000/)
    expect(unchecked?.children[0]?.name).toBe('error')
  })
})

describe('the Gradescope report', () => {
  const report = JSON.parse(gradescopeReport(results))

  it('has only fields that the form knows, of the types that it asks for', () => {
    expect(Object.keys(report).sort()).toEqual(['execution_time', 'output', 'tests', 'visibility'])
    expect(report.execution_time).toBe(1235)
    const shown = ['hidden', 'after_due_date', 'after_published', 'visible']
    expect(shown).toContain(report.visibility)
    for (const test of report.tests) {
      const { score, max_score, status, name, number, output, output_format, visibility } = test
      expect(Object.keys(test)).toHaveLength(8)
      expect([typeof score, typeof max_score]).toEqual(['number', 'number'])
      expect(['passed', 'failed']).toContain(status)
      expect([name, number, output].every((field) => typeof field === 'string')).toBe(true)
      expect(['text', 'html', 'simple_format', 'md', 'ansi']).toContain(output_format)
      expect(shown).toContain(visibility)
    }
  })

  it('has a score for each step', () => {
    const scores = report.tests.map((test: { score: number }) => test.score)
    expect(scores).toEqual([1, 0, 0])
    expect(report.output).toBe('1 of 3 held')
    expect(report.tests[2].output).toMatch(/not checked/)
  })
})
