// The rules that hold for every command: how errors look, what a usage error is, which ports are none.
import { expect } from 'vitest'
import { type Finished, runPynet, type StartOptions, startShell } from './processes.ts'
import { unusedPort } from './wire.ts'

/** What a colour looks like on the wire to a terminal. */
export const escapeByte = '\u001b'

/** What a server's stderr holds beside its ready line and its warning about other machines. */
export function withoutStatus(stderr: string): string {
  return stderr.replace(/^pynet: listening on port \d+\n/m, '')
}

/** One line, no more, that starts with the program's name and is no stack trace. */
export function expectOneErrorLine(stderr: string): void {
  expect(stderr).toMatch(/^pynet: [^\n]+\n$/)
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m)
}

/** Exit code 2, nothing on stdout, and one line on stderr that names what was wrong. */
export function expectUsageError(result: Finished, names: string | RegExp): void {
  expect(result.status, result.stderr).toBe(2)
  expect(result.stdout).toBe('')
  expectOneErrorLine(result.stderr)
  expect(result.stderr).toMatch(names)
}

/** Exit code 1, and one line on stderr that names what was wrong. */
export function expectFailure(result: Finished, names: string | RegExp): void {
  expectOneErrorLine(withoutStatus(result.stderr))
  expect(withoutStatus(result.stderr)).toMatch(names)
  expect(result.status, result.stderr).toBe(1)
}

/** Texts that Number() or parseInt() would take, or that are out of range. */
export const badPorts = [
  '0x50',
  '1e3',
  ' 80',
  '80 ',
  '',
  '-1',
  '+80',
  '80.0',
  '8_0',
  '65536',
  '99999999999999999999',
  'http',
  '８０',
] as const

/** Runs the command with each bad port in place of PORT. */
export async function expectBadPortsRefused(...args: string[]): Promise<void> {
  const check = async (port: string) => {
    const result = await runPynet(...args.map((arg) => (arg === 'PORT' ? port : arg)))
    const names = port.startsWith('-') ? /port|-1/i : /port/i
    expectUsageError(result, names)
    if (port.trim() !== '') expect(result.stderr).toContain(port.trim())
  }
  await Promise.all(badPorts.map(check))
}

/** Runs a client against a port where nobody listens. */
export async function expectRefused(
  argsFor: (port: number) => string[],
  options: StartOptions = {},
): Promise<void> {
  const port = await unusedPort()
  const result = await runPynet(...argsFor(port), options)
  expectFailure(result, /127\.0\.0\.1/)
  expect(result.stderr).toContain(String(port))
  expect(result.stdout).toBe('')
}

/** Runs a line of sh whose output goes to a full disk, or any other line that must fail. */
export async function expectFullDisk(script: string, options: StartOptions = {}): Promise<void> {
  expectFailure(await startShell(script, options).finished(), /ENOSPC|no space/i)
}

/** The three signals that end a program, and the exit code of each. */
export const endingSignals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const
