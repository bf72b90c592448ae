// check as a user runs it: what it prints and reports, its exit codes, and what it leaves behind.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isRunning } from '../support/proc.ts'
import { runPynet, startPynet } from '../support/processes.ts'
import { waitUntil } from '../support/waiting.ts'

/** A wps-client in a line of JavaScript; `then` is what it does with each chunk. */
function wpsClient(then = 'process.stdout.write(chunk)'): string[] {
  const script = `
    const [, port, request] = process.argv.slice(1)
    const server = require('node:net').connect(Number(port), '127.0.0.1')
    server.write(request)
    server.on('data', (chunk) => { ${then} })`
  return [process.execPath, '-e', script, '{host}', '{port}', 'ps']
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-check-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('the exit code is', () => {
  it('0 if all steps hold: a line for each, and how many there are', async () => {
    const { stdout, stderr, status } = await runPynet('check', 'wps-client', ...wpsClient())
    expect(Buffer.from(stdout, 'latin1').toString()).toBe(
      [
        '✓ asks with exactly its command',
        '✓ prints every byte that comes, in pieces of 1 to 7 bytes',
        '✓ prints every byte that comes, in pieces of 64 KiB',
        '✓ prints every byte that comes, all at once',
        '✓ ends by itself at the end of data',
        '5 of 5 held\n',
      ].join('\n'),
    )
    expect([stderr, status]).toEqual(['', 0])
  })

  it('1 if a step does not hold: what was expected, what came, the section, the ladder', async () => {
    const first = 'if (server.has) return; server.has = true; process.stdout.write(chunk)'
    const end = 'server.on("end", () => { console.error("done\\x1b[31m"); process.exit(9) })'
    const command = wpsClient(`${first}; ${end}`)
    const finished = await runPynet('check', 'wps-client', '--seed', 7, '--', ...command)
    const text = Buffer.from(finished.stdout, 'latin1').toString()
    const [, failed = ''] = text.split(/^(?=[✓✗])/m)
    expect(failed).toMatch(/^✗ prints every byte that comes, in pieces of 1 to 7 bytes\n/)
    expect(failed).toMatch(/^ {4}expected: on stdout 227 bytes, at byte 1 "/m)
    expect(failed).toMatch(/^ {4}came: {5}1 byte, at byte 1 "/m)
    expect(failed).toMatch(/^ {4}read: {5}section 5\.2 of the tutorial$/m)
    expect(failed).toMatch(/^ {4}program: {2}ended with exit code 9$/m)
    expect(failed).toMatch(/^ {4}stderr:\n {6}done\^\[\[31m$/m)
    expect(failed).toMatch(/recv 2 bytes "ps"/)
    expect(failed).toMatch(/◄.*sendAll 1 byte \[0:1\]/)
    expect(text).toMatch(/\n1 of 5 held\n$/)
    expect(finished.status).toBe(1)
  })

  it('2 for wrong usage, with a line that says what to type', async () => {
    const lines = await Promise.all(
      [
        ['check'],
        ['check', 'echo-servr', 'x'],
        ['check', 'echo-server'],
        ['check', 'echo-server', '--seed', '-1', 'x'],
        ['check', 'echo-server', '--nonsense', 'x'],
        ['check', 'echo-server', '--junit', 'none/report', '--gradescope', './none/report', 'x'],
      ].map(async (words) => {
        const { status, stderr, stdout } = await runPynet(...words)
        expect([status, stdout]).toEqual([2, ''])
        return stderr
      }),
    )
    expect(lines[0]).toMatch(/^pynet: missing required argument 'role' \(usage: .*\)\n$/)
    expect(lines[1]).toMatch(/^pynet: 'echo-servr' is invalid .* It must be echo-server, .*\n$/)
    expect(lines[2]).toMatch(/^pynet: missing required argument 'command' \(usage: .*\)\n$/)
    const advice = 'both reports cannot be in none/report: give each a file of its own'
    expect(lines[5]).toContain(advice)
    for (const line of lines) expect(line.split('\n')).toHaveLength(2)
  })

  it('3 if the program cannot be started; both reports have every step', async () => {
    const folder = temporaryFolder()
    const [junit, gradescope] = [join(folder, 'junit.xml'), join(folder, 'results.json')]
    const reports = ['--junit', junit, '--gradescope', gradescope]
    const { status, stdout } = await runPynet('check', 'str-server', ...reports, './none', '{port}')
    const lines = Buffer.from(stdout, 'latin1').toString().split('\n')
    expect(lines[1]).toBe('    not checked: cannot start ./none: there is no such program')
    expect(lines.at(-2)).toBe('0 of 3 held')
    expect(status).toBe(3)
    expect(readFileSync(junit, 'utf8').match(/<testcase .*<error /g)).toHaveLength(3)
    expect(JSON.parse(readFileSync(gradescope, 'utf8')).tests).toHaveLength(3)
  })

  it('3 if a server ends before a client could connect, with what it said', async () => {
    // Behind the command's name every word is the command's.
    const command = ['sh', '-c', 'echo "$@" >&2; exit 5', 'sh', '--strict', '--seed', 'x', '{port}']
    const { status, stdout } = await runPynet('check', 'echo-server', ...command)
    expect(stdout).toMatch(/not checked: it ended with exit code 5 before a client could connect/)
    expect(stdout).toMatch(/--strict --seed x \d+/)
    expect(stdout).toMatch(/\n0 of 5 held\n$/)
    expect(status).toBe(3)
  })

  it('1 if a report cannot be written: the result is printed all the same', async () => {
    const report = ['--junit', '/none/report.xml']
    const { status, stdout, stderr } = await runPynet('check', 'wps-server', ...report, 'false')
    expect(stdout).toMatch(/0 of 4 held\n$/)
    expect(stderr).toBe(
      'pynet: cannot write the report /none/report.xml: no such file or directory\n',
    )
    expect(status).toBe(1)
  })
})

describe('check', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ended by %s leaves nothing of the program',
    async (signal) => {
      const folder = temporaryFolder()
      const [pids, junit] = [join(folder, 'pids'), join(folder, 'junit.xml')]
      const script = `trap "" INT TERM; sleep 60 & echo $$ $! > ${pids}; while :; do sleep 60; done`
      const checking = startPynet('check', 'echo-server', '--junit', junit, 'sh', '-c', script)
      const text = await waitUntil(() => read(pids), 'the program started')
      checking.kill(signal)
      expect((await checking.exit).status).toBe(signal === 'SIGINT' ? 130 : 143)
      expect(text.trim().split(' ').map(Number).filter(isRunning)).toEqual([])
      expect(readFileSync(junit, 'utf8').match(/the check was interrupted/g)).toHaveLength(10)
    },
  )

  it('colours its marks where colours are asked for', async () => {
    const env = { FORCE_COLOR: '1' }
    const { stdout } = await runPynet('check', 'wps-server', 'false', { env })
    expect(stdout).toContain('\x1b[33m')
  })
})

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').includes('\n') ? readFileSync(path, 'latin1') : undefined
  } catch {
    return undefined
  }
}
