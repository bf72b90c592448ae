// The command lines of all six programs: their help, and the one line that refuses wrong usage.
import { Command, CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import * as echoClient from '../../../src/commands/echo-client.ts'
import * as echoServer from '../../../src/commands/echo-server.ts'
import { checkWords, usageMessage } from '../../../src/commands/shared/usage.ts'
import * as strClient from '../../../src/commands/str-client.ts'
import * as strServer from '../../../src/commands/str-server.ts'
import * as wpsClient from '../../../src/commands/wps-client.ts'
import * as wpsServer from '../../../src/commands/wps-server.ts'
import { Terminal } from '../../../src/terminal/terminal.ts'

const MODULES = {
  'echo-server': echoServer,
  'echo-client': echoClient,
  'wps-server': wpsServer,
  'wps-client': wpsClient,
  'str-server': strServer,
  'str-client': strClient,
}
const NAMES = Object.keys(MODULES) as (keyof typeof MODULES)[]

/** A right command line of each. */
const RIGHT: Record<keyof typeof MODULES, string[]> = {
  'echo-server': ['0'],
  'echo-client': ['localhost', '1', 'abc'],
  'wps-server': ['0'],
  'wps-client': ['localhost', '1', 'w'],
  'str-server': ['0'],
  'str-client': ['localhost', '1'],
}

/** The listing of each. */
const ORIGINALS: Record<keyof typeof MODULES, string> = {
  'echo-server': 'tms.py',
  'echo-client': 'tmc.py',
  'wps-server': 'svr.py',
  'wps-client': 'wps.py',
  'str-server': 'strsvr.py',
  'str-client': 'strclnt.py',
}

/** The command's part of the command line; `print` gets its help. */
function declared(
  name: keyof typeof MODULES,
  print = (_text: string) => {},
): { program: Command; command: Command } {
  const output = { outputError: () => {}, writeOut: print }
  const program = new Command('pynet').exitOverride().configureOutput(output)
  const command = program.command(name)
  const terminal = new Terminal(() => {})
  MODULES[name].declare(command, { terminal, signal: new AbortController().signal, exitCode: 0 })
  return { program, command }
}

/** Returns the one line with which a command line is refused. */
function refusalOf(name: keyof typeof MODULES, ...words: string[]): string {
  const { program } = declared(name)
  try {
    program.parse([name, ...words], { from: 'user' })
  } catch (error) {
    const { code } = error as CommanderError
    expect(code).toMatch(/^commander\./)
    return usageMessage(error as CommanderError, program)
  }
  throw new Error(`accepted: ${name} ${words.join(' ')}`)
}

describe.each(NAMES)('%s', (name) => {
  const right = RIGHT[name]

  test('has a help that names the listing, and all options, and ends in examples to paste', () => {
    let help = ''
    const { program, command } = declared(name, (text) => {
      help += text
    })
    expect(() => program.parse([name, '--help'], { from: 'user' })).toThrow('(outputHelp)')
    expect(help).toContain(`Re-creates ${ORIGINALS[name]} of the tutorial (section `)
    for (const { flags } of command.options) expect(help).toContain(`\n  ${flags} `)
    const [, examples = ''] = help.split('\nExamples:\n')
    expect(examples).toMatch(new RegExp(`^( {2}[^\n]*pynet ${name} [^\n]*\n)+$`))
  })

  test('takes plain decimal digits where an option or the port is a number', () => {
    const { command } = declared(name)
    const texts = ['--host', '--trace-file']
    const options = command.options.filter(({ required, long }) => {
      return required && !texts.includes(long ?? '')
    })
    expect(options.length).toBeGreaterThan(2)
    for (const { long, flags } of options) {
      for (const value of ['0x5', '', ' 5', '-1', 'x']) {
        const message = refusalOf(name, ...right, `${long}=${value}`)
        const what = `option '${flags}' argument '${value}' is invalid. `
        expect(message.slice(0, what.length)).toBe(what)
        expect(message.slice(what.length)).toMatch(/^(It must be|Allowed choices are) [^\n]*\.$/)
      }
    }
    const wrong = right.map((word) => (/\d/.test(word) ? '0x50' : word))
    expect(refusalOf(name, ...wrong)).toMatch(/^'0x50' is invalid for argument 'port'\. It must be/)
  })

  test('shows its usage where an argument is missing', () => {
    const names = declared(name).command.registeredArguments.map((argument) => argument.name())
    names.forEach((missing, index) => {
      const usage = `usage: pynet ${name} [options] ${names.map((each) => `<${each}>`).join(' ')}`
      const message = `missing required argument '${missing}' (${usage})`
      expect(refusalOf(name, ...right.slice(0, index))).toBe(message)
    })
  })

  test('suggests the option that was meant', () => {
    expect(refusalOf(name, ...right, '--trase')).toMatch(
      /^unknown option '--trase' \(Did you mean --trace\?\)/,
    )
  })
})

describe('advice', () => {
  test('a string of several words belongs in quotes; elsewhere the usage tells enough', () => {
    expect(refusalOf('echo-client', 'localhost', '1', 'to', 'be')).toBe(
      "too many arguments for 'echo-client'. Expected 3 arguments but got 4. (put the string in quotes)",
    )
    expect(refusalOf('str-client', 'localhost', '1', 'abc')).toMatch(
      /Expected 2 arguments but got 3\. \(usage: pynet str-client \[options\] <host> <port>\)$/,
    )
  })

  test('a string with a dash comes behind --', () => {
    expect(refusalOf('echo-client', 'localhost', '1', '-abc')).toBe(
      "unknown option '-abc' (write -- before a string that begins with a dash)",
    )
  })

  test('a command of wps-client is w or ps, exactly', () => {
    for (const command of ['ls', 'W', 'ps -ef', '', ' w', 'w\n']) {
      expect(refusalOf('wps-client', 'localhost', '1', command)).toMatch(
        /is invalid for argument 'command'\. Allowed choices are w, ps\.$/,
      )
    }
  })
})

describe('a word that is no command', () => {
  const commands = {
    'echo-server': { original: 'tms.py' },
    'echo-client': { original: 'tmc.py' },
    'str-server': { original: 'strsvr.py' },
    demo: {},
  }
  const check =
    (...words: string[]) =>
    () =>
      checkWords(words, commands)

  test.each([
    ['echo', 'echo-server, echo-client'],
    ['server', 'echo-server, str-server'],
    ['tms.py', 'echo-server'],
  ])('%s is a part of a name, or a listing of the tutorial: %s', (word, meant) => {
    const message = `unknown command '${word}' (did you mean ${meant}?)`
    for (const words of [
      [word, '2000'],
      ['help', word],
    ]) {
      expect(check(...words)).toThrow(new CommanderError(2, 'pynet.usage', message))
    }
  })

  test('is left to commander where it resembles none, or an option comes first', () => {
    for (const word of [
      'xyzzy',
      'echo-sever',
      'toString',
      '__proto__',
      '--version',
      'demo',
      'help',
    ]) {
      expect(check(word)).not.toThrow()
    }
    expect(check()).not.toThrow()
  })
})

test('an argument whose bytes are not UTF-8 is refused, for Node has replaced them already', () => {
  const words = ['echo-client', 'localhost', '2000', 'caf\ufffd']
  const message = "the argument 'caf\ufffd' is not valid UTF-8 (echo-client takes any bytes from "
  expect(() => checkWords(words, {})).toThrow(message)
  expect(() =>
    checkWords(['echo-client', 'localhost', '2000', 'café'], { 'echo-client': {} }),
  ).not.toThrow()
})
