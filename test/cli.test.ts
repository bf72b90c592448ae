// The command line as a whole: version, help, the commands by name, mistakes, colours.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { escapeByte, expectFailure, expectUsageError } from './support/expectations.ts'
import { projectRoot, runPynet, start, startShell } from './support/processes.ts'
import { hasFile } from './support/requirements.ts'

/** Every sequence that sets a colour or a weight, and nothing else. */
const colourSequence = new RegExp(`${escapeByte}\\[[0-9;]*m`, 'g')

const commands = ['echo', 'wps', 'str'].flatMap((pair) => [`${pair}-server`, `${pair}-client`])

describe('help and version', () => {
  it('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    const { stdout, stderr, status } = await runPynet('--version')
    expect({ stdout, stderr, status }).toEqual({ stdout: `${version}\n`, stderr: '', status: 0 })
  })

  it('the help names every command, on stdout where it is asked for', async () => {
    const asked = await runPynet('--help')
    for (const command of [...commands, 'demo', 'ladder', 'watch', 'relay', 'check']) {
      expect(asked.stdout).toContain(`\n  ${command} `)
    }
    expect(asked.status).toBe(0)
    // Where no command is given, it is an error message, and all of it.
    const { stdout, stderr, status } = await runPynet()
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: asked.stdout, status: 2 })
  })

  it('help echo-server is the help of that command', async () => {
    const { stdout, status } = await runPynet('help', 'echo-server')
    expect(stdout).toMatch(/^Usage: pynet echo-server .*\nExamples:\n/s)
    expect(status).toBe(0)
  })

  it('they end quietly when nobody reads them, and with 1 on a full disk', async () => {
    const script = '{ pynet --help; echo $? >&2; } | true'
    expect((await startShell(script).finished()).stderr).toMatch(/^(0|141)\n$/)
    if (!hasFile('/dev/full', 'help with a full disk')) return
    const full = await startShell('pynet --help > /dev/full').finished()
    expectFailure(full, /cannot write to standard output: .*no space/)
  })
})

describe('a mistake', () => {
  it.each([
    ['echo-sever 2000', "'echo-sever' (Did you mean echo-server?)"],
    ['help strclnt.py', "'strclnt.py' (did you mean str-client?)"],
    ['help __proto__', "'__proto__'"],
    ['"one\ntwo"', "'one two'"],
  ])('of %s for a command gets one line: %s', async (words, told) => {
    expectUsageError(
      await startShell(`pynet ${words}`).finished(),
      `pynet: unknown command ${told}\n`,
    )
  })

  it('in an option of pynet itself gets one line', async () => {
    expectUsageError(await runPynet('--verison'), "pynet: unknown option '--verison'")
  })

  it('that is an argument whose bytes are not UTF-8 is refused: other bytes would go out', async () => {
    const script = 'pynet echo-client 127.0.0.1 1 "$(printf \'caf\\351\')"'
    const told =
      /^pynet: the argument 'caf\ufffd' is not valid UTF-8 \(.* with - as its string\)\n$/
    expectUsageError(await startShell(script).finished(), told)
  })
})

describe('colours', () => {
  it('are on stderr with FORCE_COLOR, around the same words, and nowhere else in a pipe', async () => {
    const run = (env: Record<string, string>) => runPynet('echo-server', 'http', { env })
    const plain = await run({})
    expect(plain.stderr).toMatch(/^pynet: 'http' is invalid/)
    const coloured = await run({ FORCE_COLOR: '1' })
    expect(coloured.stderr).toContain(escapeByte)
    expect(coloured.stderr.replace(colourSequence, '')).toBe(plain.stderr)
    expect((await run({ FORCE_COLOR: '0' })).stderr).toBe(plain.stderr)
  })
})

it('a clone that is not built yet says so, with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-clone-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(join(projectRoot, 'bin'), join(folder, 'bin'), { recursive: true })
  const run = start(process.execPath, [join(folder, 'bin', 'pynet.js'), 'echo-server', '0'])
  expectFailure(await run.finished(), 'pynet: not built yet: run "npm ci" in the clone first\n')
})
