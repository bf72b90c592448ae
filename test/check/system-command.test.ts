// What the answer of a wps-server is compared with: no program is blamed for what machines do.
import { describe, expect, it } from 'vitest'
import { mistakeIn } from '../../src/check/system-command.ts'

const head = '    PID TTY          TIME CMD\n'
const line = (pid: number) => `${String(pid).padStart(7)} ?        00:00:00 sleep\n`
const pids = Array.from({ length: 20 }, (_, index) => 100 + index)
const output = [head, ...pids.map(line)]
const answerWithout = (...missing: number[]) =>
  [head, ...[...pids, 500].filter((pid) => !missing.includes(pid)).map(line)].join('')
const mistake = (answer: string) => mistakeIn('ps', answer, output, [...output, line(600)])

describe('the output of ps', () => {
  it('is right where it lists what ran before and after', () => {
    expect(mistake(answerWithout())).toBeUndefined()
  })

  it('may lack its last line, as that of the tutorial does', () => {
    expect(mistake(answerWithout(500))).toBeUndefined()
  })

  it('may lack a process that had a terminal for a while', () => {
    expect(mistake(answerWithout(103))).toBeUndefined()
  })

  it('is wrong with lines that end with CRLF', () => {
    expect(mistake(answerWithout().replaceAll('\n', '\r\n'))).toMatch(
      /^lines that end with a newline/,
    )
  })

  it('is wrong where more are missing, or its head', () => {
    expect(mistake(answerWithout(103, 104, 105))).toBe('a line for process 103')
    expect(mistake(answerWithout().slice(head.length))).toMatch(/^a first line such as /)
  })
})
