// The command line as a whole: version, help, the commands by name, mistakes, colours.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  escapeByte,
  expectFullDisk,
  expectOneErrorLine,
  expectUsageError,
} from './support/expectations.ts'
import { runPynet, startShell } from './support/processes.ts'
import { hasFile } from './support/requirements.ts'

const tutorialPrograms = [
  ['echo-server', 'tms.py'],
  ['echo-client', 'tmc.py'],
  ['wps-server', 'svr.py'],
  ['wps-client', 'wps.py'],
  ['str-server', 'strsvr.py'],
  ['str-client', 'strclnt.py'],
] as const

const commands = tutorialPrograms.map(([command]) => command)

/** Every sequence that sets a colour or a weight, and nothing else. */
const colourSequence = new RegExp(`${escapeByte}\\[[0-9;]*m`, 'g')

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const manifest: unknown = JSON.parse(text)
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  throw new Error('package.json has no version')
}

describe('--version', () => {
  it('prints the version of the package on a line and exits with 0', async () => {
    const result = await runPynet('--version')
    expect(result.stdout).toMatch(/^(pynet )?\d+\.\d+\.\d+\S*\n$/)
    expect(result.stdout).toContain(ownVersion())
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })
})

describe('help', () => {
  it('of the whole names every command and exits with 0', async () => {
    for (const args of [['--help'], ['help']]) {
      const result = await runPynet(...args)
      for (const command of commands) expect(result.stdout).toContain(command)
      expect(result.stderr).toBe('')
      expect(result.status).toBe(0)
    }
  })

  it.each(tutorialPrograms)(
    'of %s ends in examples to paste and names %s',
    async (command, program) => {
      const result = await runPynet(command, '--help')
      expect(result.status).toBe(0)
      expect(result.stderr).toBe('')
      expect(result.stdout).not.toContain(escapeByte)
      // As a word of its own: "wps.py" must not be found in another name.
      expect(result.stdout).toMatch(new RegExp(`(?<!\\w)${program.replace('.', '\\.')}\\b`))
      const lastBlock = result.stdout.slice(result.stdout.search(/^examples?:?$/im))
      expect(lastBlock).toMatch(/^examples?/i)
      expect(lastBlock.trimEnd()).toMatch(new RegExp(`^\\s+(\\$ )?.*pynet ${command} .*$`, 'm'))
      expect(lastBlock).not.toMatch(/^(options|arguments|usage)/im)
    },
  )

  it.each(commands)('%s is the same as its --help', async (command) => {
    const result = await runPynet('help', command)
    expect(result.stdout).toBe((await runPynet(command, '--help')).stdout)
    expect(result.status).toBe(0)
  })

  it('of a command names all its options', async () => {
    const options = {
      'echo-server': ['--host', '--backlog', '--copies', '--go-ahead', '-k, --keep-open'],
      'echo-client': ['--timeout', '--retry', '--recv-size'],
      'wps-server': ['--host', '--backlog', '--timeout', '--omit-last-line'],
      'wps-client': ['--timeout', '--retry'],
      'str-server': ['--host', '--backlog', '--clients', '--poll'],
      'str-client': ['--timeout', '--retry'],
    }
    for (const command of commands) {
      const { stdout } = await runPynet(command, '--help')
      for (const option of options[command]) expect(stdout).toContain(option)
    }
  })
})

describe('a mistake', () => {
  it('of no command at all prints the help on stderr and exits with 2', async () => {
    const result = await runPynet()
    expect(result.stdout).toBe('')
    expect(result.stderr).toContain('echo-server')
    expect(result.status).toBe(2)
  })

  it.each([
    ['echo-sever', 'echo-server'],
    ['echoclient', 'echo-client'],
    ['wps-clinet', 'wps-client'],
    ['str-servr', 'str-server'],
  ])('of %s for a command gets the suggestion %s on the same line', async (typed, meant) => {
    const result = await runPynet(typed, '2000')
    expectUsageError(result, typed)
    expect(result.stderr).toContain(meant)
  })

  it('that resembles no command names it, on one line', async () => {
    expectUsageError(await runPynet('xyzzy'), 'xyzzy')
    expectUsageError(await runPynet('help', 'xyzzy'), 'xyzzy')
  })

  it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
    'of %s, which every object of JavaScript has, is one like any other',
    async (word) => {
      expectUsageError(await runPynet(word), word)
      expectUsageError(await runPynet('help', word), word)
    },
  )

  it('in an option names it, on one line', async () => {
    expectUsageError(await runPynet('echo-server', '0', '--copeis', '5'), '--copeis')
    expectUsageError(await runPynet('--verison'), '--verison')
  })

  it('of an option without its value names it, on one line', async () => {
    expectUsageError(await runPynet('echo-server', '0', '--copies'), '--copies')
    expectUsageError(await runPynet('str-server', '0', '--clients'), '--clients')
  })

  it('with a newline in it still gets one line', async () => {
    expectUsageError(await runPynet('echo-server', '20\n00'), /port/)
    expectUsageError(await runPynet('one\ntwo'), 'one')
  })
})

describe('help and version', () => {
  const printing = ['--help', 'help', '--version', 'echo-server --help'] as const

  it.each(printing)('%s says nothing when nobody reads it', async (args) => {
    const result = await startShell(`{ pynet ${args}; echo $? >&2; } | true`).finished()
    expect(result.stderr).toMatch(/^(0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', 'help with a full disk')).each(printing)(
    '%s is an error when the disk under its stdout is full',
    async (args) => {
      await expectFullDisk(`pynet ${args} > /dev/full`)
    },
  )
})

describe('exit codes', () => {
  it('are what a shell sees in $?', async () => {
    const script = 'pynet --version > /dev/null; echo $?; pynet echo-server http 2>&1; echo $?'
    const result = await startShell(script).finished()
    expect(result.stdout).toMatch(/^0\npynet: [^\n]+\n2\n$/)
  })
})

describe('colours', () => {
  const mistake = ['echo-server', 'http'] as const

  it('are nowhere in a pipe', async () => {
    const result = await runPynet(...mistake)
    expect(result.stderr).not.toContain(escapeByte)
  })

  it('are on stderr with FORCE_COLOR=1, around the same words', async () => {
    const plain = await runPynet(...mistake)
    const coloured = await runPynet(...mistake, { env: { FORCE_COLOR: '1' } })
    expect(coloured.stderr).toContain(escapeByte)
    expect(coloured.stderr.replace(colourSequence, '')).toBe(plain.stderr)
    expect(coloured.status).toBe(2)
  })

  it.each([{ NO_COLOR: '1' }, { FORCE_COLOR: '0' }])('are nowhere with %j', async (env) => {
    const result = await runPynet(...mistake, { env })
    expect(result.stderr).not.toContain(escapeByte)
    expectOneErrorLine(result.stderr)
  })
})
