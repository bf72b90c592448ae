// ladder as a user runs it: files in, a diagram out, and one line for what is wrong with them.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsOf } from '../../src/ladder/columns.ts'
import { echoSession, SampleTrace, strSession } from '../ladder/samples.ts'
import { expectOneErrorLine, expectUsageError } from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile, hasTerminal } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { readXml } from '../support/xml.ts'

let folder = ''
const echo = echoSession()
const str = strSession()

/** Writes a file for the program, and gives its path. */
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function write(sample: SampleTrace): string {
  return file(sample.name, sample.text)
}

/** Output as text: the runner hands stdout on as Latin-1, a letter a byte. */
function utf8(stdout: string): string {
  return Buffer.from(stdout, 'latin1').toString()
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pynet-ladder-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('ladder', () => {
  it('draws both ends, and says nothing besides', async () => {
    const result = await runPynet('ladder', write(echo.client), write(echo.server))
    const golden = new URL('../ladder/golden/echo-80.txt', import.meta.url)
    expect(utf8(result.stdout)).toBe(readFileSync(golden, 'utf8'))
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })

  it('keeps to --width', async () => {
    const files = [str.ann, str.bob, str.server].map(write)
    const narrow = utf8((await runPynet('ladder', ...files, '--width', 60)).stdout)
    expect(narrow).toContain('Connection 1 of 2')
    expect(Math.max(...narrow.split('\n').map(columnsOf))).toBeLessThanOrEqual(60)
    const wide = utf8((await runPynet('ladder', ...files, '--width', 140)).stdout)
    expect(Math.max(...wide.split('\n').map(columnsOf))).toBeGreaterThan(100)
    expectUsageError(await runPynet('ladder', ...files, '--width', 59), '59')
  })

  it.runIf(hasTerminal('ladder in a terminal'))(
    'is as wide as the terminal, and coloured nowhere',
    async () => {
      const files = [str.server, str.bob, str.ann].map(write).join(' ')
      const command = `stty cols 140 && "$PYNET_NODE" "$PYNET_PROGRAM" ladder ${files}`
      const result = await startShell(`script -qec '${command}' /dev/null < /dev/null`).finished()
      const golden = new URL('../ladder/golden/str-140.txt', import.meta.url)
      expect(utf8(result.stdout).replaceAll('\r', '')).toBe(readFileSync(golden, 'utf8'))
    },
  )

  it('prints Mermaid in its fence, and nothing else', async () => {
    const { stdout, status } = await runPynet(
      'ladder',
      '--mermaid',
      write(echo.client),
      write(echo.server),
    )
    expect(stdout).toMatch(/^```mermaid\nsequenceDiagram\n {4}participant lane1 as echo-client/)
    expect(stdout).toMatch(/\n```\n$/)
    expect(status).toBe(0)
  })

  it('writes the picture, and prints nothing; with - it prints the picture', async () => {
    const picture = join(folder, 'ladder.svg')
    const files = [write(echo.client), write(echo.server)]
    const result = await runPynet('ladder', ...files, '--svg', picture, '--theme', 'dark')
    expect(result).toMatchObject({ stdout: '', stderr: '', status: 0 })
    const text = readFileSync(picture, 'utf8')
    expect(readXml(text).name).toBe('svg')
    const printed = await runPynet('ladder', ...files, '--svg', '-', '--theme', 'dark')
    expect(utf8(printed.stdout)).toBe(text)
    expectUsageError(
      await runPynet('ladder', ...files, '--theme', 'pink'),
      /pink.*light, dark, auto/,
    )
  })

  it('of one file draws what it shows, and says what is missing', async () => {
    const result = await runPynet('ladder', write(echo.client))
    expect(utf8(result.stdout)).toContain('sendAll 3 bytes "abc" ──[0:3]───►┆')
    expect(result.stderr).toBe(
      `pynet: ${join(folder, 'echo-client.ndjson')} shows only one end: the other end's trace is missing\n`,
    )
    expect(result.status).toBe(0)
  })

  it('reads a file that begins with a byte order mark', async () => {
    const marked = file('marked.ndjson', `\ufeff${echo.client.text}`)
    const result = await runPynet('ladder', marked, write(echo.server))
    expect(result).toMatchObject({ stderr: '', status: 0 })
  })

  it('without the trace of one client leaves that client out, and says so', async () => {
    const result = await runPynet('ladder', write(str.ann), write(str.server))
    expect(utf8(result.stdout)).not.toContain('40321')
    expect(result.stderr).toMatch(
      /^pynet: no trace of 127\.0\.0\.1:40321, which \S+str-server\.ndjson talks to: left out\n$/,
    )
    expect(result.status).toBe(0)
  })

  it('of a trace that is cut short draws what is there, and says so', async () => {
    const cut = file('cut.ndjson', echo.client.text.slice(0, -30))
    const result = await runPynet('ladder', cut, write(echo.server))
    expect(utf8(result.stdout)).toContain('└ the trace is cut short here')
    expect(result.stderr).toBe(`pynet: ${cut} is cut short: its last line is left out\n`)
    expect(result.status).toBe(0)
  })
})

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it at once, whatever it is doing',
    async (signal) => {
      const pipe = join(folder, `pipe-${signal}`)
      execFileSync('mkfifo', [pipe])
      const program = startPynet('ladder', pipe)
      // a pipe opens for writing as soon as the program has opened it for reading
      const { O_WRONLY, O_NONBLOCK } = constants
      const isOpen = () => {
        try {
          return openSync(pipe, O_WRONLY | O_NONBLOCK)
        } catch {
          return undefined
        }
      }
      const writer = await waitUntil(isOpen, 'the trace is being read')
      program.kill(signal)
      // a handler, were there one, would have to wait for a program that computes
      expect(await program.exit).toMatchObject({ code: null, signal })
      closeSync(writer)
    },
  )
})

describe('a mistake', () => {
  async function expectFailure(message: RegExp, ...args: string[]): Promise<void> {
    const result = await runPynet('ladder', ...args)
    expectOneErrorLine(result.stderr)
    expect(result.stderr).toMatch(message)
    expect(result.stdout).toBe('')
    expect(result.status).toBe(1)
  }

  it('of a file that is not there names it', async () => {
    await expectFailure(
      /cannot read \S*nowhere\.ndjson: no such file or directory/,
      join(folder, 'nowhere.ndjson'),
    )
  })

  it('of a folder names it', async () => {
    await expectFailure(/cannot read \S+: illegal operation on a directory/, folder)
  })

  it('of a file in another format names its line', async () => {
    await expectFailure(
      /other\.json, line 1: not the header of a pynet trace/,
      file('other.json', '{"log":{}}\n'),
    )
  })

  it('of another version says which are read', async () => {
    const text = echo.client.text.replace('"version":2', '"version":3')
    await expectFailure(
      /v3\.ndjson is of version 3 of the format; this pynet reads versions 1 and 2/,
      file('v3.ndjson', text),
    )
  })

  it('of traces that have no connection in common names the connections of each', async () => {
    await expectFailure(
      /echo-client\.ndjson has 127\.0\.0\.1:40312 to 127\.0\.0\.1:2000; \S*ann\.ndjson has 127\.0\.0\.1:40320 to/,
      write(echo.client),
      write(str.ann),
    )
  })

  it('of a trace without any connection beside another says so', async () => {
    const alone = new SampleTrace('echo-client', 9, { name: 'alone.ndjson' })
    await expectFailure(/alone\.ndjson has none/, write(alone), write(echo.server))
  })

  it('of the same file twice is one, and is named', async () => {
    const files = [write(echo.client), write(echo.client), write(echo.server)]
    await expectFailure(
      /echo-client\.ndjson is given twice: give each end's trace once$/m,
      ...files,
    )
    const copy = file('copy.ndjson', echo.client.text)
    const message = /echo-client\.ndjson and \S*copy\.ndjson are the same trace/
    await expectFailure(message, write(echo.client), copy)
  })

  it('of no file at all is wrong usage', async () => {
    expectUsageError(await runPynet('ladder'), 'trace-file')
  })

  it.runIf(hasFile('/dev/full', 'ladder on a full disk'))(
    'of a full device under the picture is told',
    async () => {
      const files = [write(echo.client), write(echo.server)]
      await expectFailure(/cannot write \/dev\/full: no space left/, ...files, '--svg', '/dev/full')
    },
  )

  it('of a disk too full for the picture leaves the old one, and nothing beside it', async () => {
    const own = join(folder, 'full')
    mkdirSync(own)
    writeFileSync(join(own, 'old.svg'), 'the old picture')
    const files = [write(echo.client), write(echo.server)].join("' '")
    // Two blocks of 512 bytes are less than any picture needs.
    const command = `trap '' XFSZ; ulimit -f 2; exec "$PYNET_NODE" "$PYNET_PROGRAM" ladder '${files}' --svg '${own}/old.svg'`
    const { stderr, status } = await startShell(command).finished()
    expect(stderr).toBe(`pynet: cannot write ${own}/old.svg: file too large\n`)
    expect(status).toBe(1)
    expect(readdirSync(own)).toEqual(['old.svg'])
    expect(readFileSync(join(own, 'old.svg'), 'utf8')).toBe('the old picture')
  })
})

describe('a picture that would replace one of the traces', () => {
  it.each([
    ['by its path', (trace: string) => trace],
    [
      'by another spelling',
      (trace: string) => join(folder, '..', basename(folder), basename(trace)),
    ],
    [
      'by a link',
      (trace: string) => {
        symlinkSync(trace, `${trace}.link`)
        return `${trace}.link`
      },
    ],
    [
      'by a hard link',
      (trace: string) => {
        linkSync(trace, `${trace}.hard`)
        return `${trace}.hard`
      },
    ],
  ])('%s is wrong usage', async (_, nameOf) => {
    const trace = write(echo.client)
    const result = await runPynet('ladder', trace, write(echo.server), '--svg', nameOf(trace))
    expectUsageError(result, `would replace ${trace}`)
    expect(readFileSync(trace, 'utf8')).toBe(echo.client.text)
  })
})

describe('a picture through a link', () => {
  it('replaces the file that the link names, and keeps its permissions', async () => {
    const [picture, link] = [file('private.svg', 'old'), join(folder, 'link.svg')]
    chmodSync(picture, 0o600)
    symlinkSync(picture, link)
    const result = await runPynet('ladder', write(echo.client), write(echo.server), '--svg', link)
    expect(result.status).toBe(0)
    expect(readXml(readFileSync(picture, 'utf8')).name).toBe('svg')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(statSync(picture).mode & 0o777).toBe(0o600)
  })
})
