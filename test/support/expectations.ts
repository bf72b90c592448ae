// The rules that hold for every command: what an error is, and what a wrong usage.
import { expect } from 'vitest'
import type { Finished } from './processes.ts'

/** What a colour looks like on the wire to a terminal. */
export const escapeByte = '\u001b'

/** The signals that end a program, and the exit code of each. */
export const endingSignals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

/** What a server's stderr holds besides its ready line. */
export function withoutStatus(stderr: string): string {
  return stderr.replace(/^pynet: listening on port \d+\n/m, '')
}

/** One line, no more, that begins with the program's name and is no stack trace. */
export function expectOneErrorLine(stderr: string): void {
  expect(stderr).toMatch(/^pynet: [^\n]+\n$/)
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+|internal error/m)
}

/** Exit code 2, nothing on stdout, and one line on stderr that names what is wrong. */
export function expectUsageError(result: Finished, names: string | RegExp): void {
  expect(result.status, result.stderr).toBe(2)
  expect(result.stdout).toBe('')
  expectOneErrorLine(result.stderr)
  expect(result.stderr).toMatch(names)
}

/** Exit code 1, and one line on stderr that names what is wrong. */
export function expectFailure(result: Finished, names: string | RegExp): void {
  expectOneErrorLine(withoutStatus(result.stderr))
  expect(withoutStatus(result.stderr)).toMatch(names)
  expect(result.status, result.stderr).toBe(1)
}
