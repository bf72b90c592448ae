// demo: the real programs as child processes, what it shows of them, and that none is left behind.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { escapeByte, expectFailure, expectUsageError } from '../support/expectations.ts'
import { childrenOf, isRunning } from '../support/proc.ts'
import {
  pynetPath,
  type RunningProcess,
  runPynet,
  startPynet,
  startShell,
} from '../support/processes.ts'
import { hasFile, hasProgram, hasTerminal } from '../support/requirements.ts'
import { openBash } from '../support/terminal.ts'
import { waitUntil } from '../support/waiting.ts'

const COLUMNS = 80

/** A folder for the demo's temporary files, so that a test sees what is left of them. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pynet-demo-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** Node.js 22 and later would keep compiled code there, too, which is not the demo's to remove. */
function inFolder(folder: string): Record<string, string> {
  return { TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: '1' }
}

/** What a demo prints into a pipe. It leaves no file behind, and nothing on stderr. */
async function play(pair: string, ...options: string[]): Promise<string> {
  const folder = await temporaryFolder()
  const result = await runPynet('demo', pair, ...options, { env: inFolder(folder) })
  expect(result.stderr).toBe('')
  expect(result.status).toBe(0)
  expect(await readdir(folder)).toEqual([])
  return Buffer.from(result.stdout, 'latin1').toString('utf8')
}

/** A run that is the same as every other: the golden file holds what it prints. */
async function playPlain(pair: string): Promise<string> {
  const text = await play(pair, '--plain')
  const golden = new URL(`../demo/golden/${pair}.txt`, import.meta.url)
  expect(text).toBe(await readFile(golden, 'utf8'))
  return text
}

/** The calls in one lane of a play of two, the left one or the right one, in their order. */
function calls(text: string, lane: 'left' | 'right'): string[] {
  const column = lane === 'left' ? 1 : COLUMNS / 2
  const cells = text.split('\n').filter((line) => /^ [┌│├┞┟┃└ ].{38}[┌│├┼┤┞┟┠┡┩╀┃└ ]/.test(line))
  return cells.flatMap((line) => {
    const end = lane === 'left' ? COLUMNS / 2 : COLUMNS
    return /^[├┞┟┠] +(?:\d+\.\d+ )?(\w+)/.exec(line.slice(column, end))?.[1] ?? []
  })
}

describe('demo with --plain', () => {
  it('of echo is the same in every run: the client blocks, and then data comes in chunks', async () => {
    const text = await playPlain('echo')
    const server = ['listen', 'accept', 'accept', 'recv', 'recv', 'keyboard', 'keyboard', 'sendAll']
    expect(calls(text, 'right').slice(0, server.length)).toEqual(server)
    expect(text).toMatch(/┟ {2}keyboard … blocked\n ┟ {2}recv … blocked/)
    expect(text).toMatch(/^ ┞ {2}recv 30,000 bytes ◄/m)
    expect(text).toMatch(/^ ├ {2}recv 1,040,000 bytes ◄/m)
    expect(text).toMatch(/^ │ > ⋮ more lines/m)
    expect(text).toMatch(/^ {2}recv +N × +1,040,000 bytes +blocked +TIME$/m)
  })

  it('of str is the same in every run: the sample session of the tutorial', async () => {
    const text = await playPlain('str')
    const printedBy = (column: number) =>
      text.split('\n').flatMap((line) => {
        return /^[│┃] > (.*?)(?= *(?:[│┃]|$))/.exec(line.slice(column))?.[1] ?? []
      })
    const dialogue = (...replies: string[]) => [
      ...replies.flatMap((reply) => [`enter a letter:${reply.at(-1)}`, reply]),
      'enter a letter:',
    ]
    expect(printedBy(1)).toEqual(dialogue('a', 'ab', 'abc', 'abcuuvvd', 'abcuuvvdwwe'))
    const second = ['abcu', 'abcuu', 'abcuuv', 'abcuuvv', 'abcuuvvdw', 'abcuuvvdww']
    expect(printedBy(53)).toEqual(dialogue(...second))
    expect(printedBy(27).join(' ')).toMatch(/^the final value of v +is abcuuvvdwwe$/)
  })

  it.runIf(hasProgram('ps', 'demo wps --plain'))('of wps is the same in two runs', async () => {
    const [text, other] = await Promise.all([play('wps', '--plain'), play('wps', '--plain')])
    expect(text).toBe(other)
    expect(text).toMatch(/├ {2}recv 2 bytes "ps"/)
    expect(text).toMatch(/^ │ > +PID .*CMD/m)
    expect(text).toMatch(/└ exit code 130/)
  })
})

describe('demo', () => {
  it('of echo in a pipe shows times and chunks in 80 columns, at its pace, and keeps it', async () => {
    const picture = join(await temporaryFolder(), 'echo.svg')
    const begin = performance.now()
    const text = await play('echo', '--pace', '0.05', '--svg', picture)
    const [steps, pauses, paceMs] = [6, 2, 50]
    expect(performance.now() - begin).toBeGreaterThan(steps * pauses * paceMs)
    expect(text.split('\n').filter((line) => line.length > COLUMNS)).toEqual([])
    expect(text).not.toContain(escapeByte)
    expect(text).toMatch(/^ {3}client +server$/m)
    const [, port] = /├ +\d+\.\d{3} listen 127\.0\.0\.1:(\d+)$/m.exec(text) ?? []
    expect(text).toMatch(new RegExp(`^ ┌ \\$ pynet echo-client 127\\.0\\.0\\.1 ${port}`, 'm'))
    expect(text).toMatch(/^ ├─+\[0:3\]─+►├ +\d+\.\d{3} recv 3 bytes "abc"$/m)
    expect(text).toMatch(/^ ┃ +┞ +\d+\.\d{3} keyboard Enter$/m)
    expect(text).toMatch(/^ │ +\(blocked \d+\.\d (ms|s)\)/m)
    // More than one recv of 1,000,000 bytes brings.
    const received = [...text.matchAll(/^ │ > received (\d+) bytes/gm)].map(([, n]) => Number(n))
    expect(received.length).toBeGreaterThan(2)
    expect(text).toMatch(/^ {2}sendAll +1 × +30,000 bytes +blocked/m)
    expect(text.match(/^summary of pynet echo-/gm)).toHaveLength(4)
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*sendAll.*<\/svg>\n$/s)
  })

  it('of an unknown pair is wrong usage, and names those that there are', async () => {
    expectUsageError(await runPynet('demo', 'ping'), 'echo, wps, str')
  })

  it('without a place for its temporary files says so in one line', async () => {
    // Nobody can make a folder in a file, not even root.
    const folder = join(pynetPath, 'folder')
    expectFailure(await runPynet('demo', 'echo', { env: inFolder(folder) }), folder)
  })
})

describe.runIf(hasFile('/proc/self/stat', 'the children of a demo'))('demo in its middle', () => {
  /** The sample session: the server and both clients run, and a key was typed. */
  async function inTheMiddle(
    folder: string,
  ): Promise<{ demo: RunningProcess; children: number[] }> {
    const demo = startPynet('demo', 'str', { env: inFolder(folder) })
    await demo.waitFor('stdout', /> enter a letter:b/)
    const children = childrenOf(demo.pid)
    expect(children).toHaveLength(3)
    return { demo, children }
  }

  it('at SIGTERM ends all that it has started, and leaves no file', async () => {
    const folder = await temporaryFolder()
    const { demo, children } = await inTheMiddle(folder)
    demo.kill('SIGTERM')
    expect(await demo.finished()).toMatchObject({ status: 143, stderr: '' })
    expect(children.filter(isRunning)).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('killed with -9, its programs end by themselves and remove their files', async () => {
    const folder = await temporaryFolder()
    const { demo, children } = await inTheMiddle(folder)
    demo.kill('SIGKILL')
    expect((await demo.finished()).status).toBe(137)
    await waitUntil(() => children.filter(isRunning).length === 0, 'the programs have ended')
    expect(await readdir(folder)).toEqual([])
  })

  it('whose client dies says so in one line, and ends the others', async () => {
    const folder = await temporaryFolder()
    const { demo, children } = await inTheMiddle(folder)
    process.kill(Math.max(...children), 'SIGKILL')
    expectFailure(await demo.finished(), /"pynet str-client .*" ended with exit code 137/)
    expect(children.filter(isRunning)).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('whose reader leaves ends quietly, with all that it has started', async () => {
    const folder = await temporaryFolder()
    const script = '{ pynet demo str --pace 0.1; echo "status $?" >&2; } | head -n 12'
    const shell = startShell(script, { env: inFolder(folder) })
    expect((await shell.finished()).stderr).toBe('status 0\n')
    await waitUntil(async () => (await readdir(folder)).length === 0, 'no file was left')
  })
})

describe.runIf(hasTerminal('a demo in a terminal'))('demo in a terminal', () => {
  /** An interactive shell in the folder, in which `demo` is our program. */
  async function openShell(folder: string): Promise<RunningProcess> {
    const shell = openBash({ ...inFolder(folder), PS1: 'ready-$?> ' }, folder)
    await shell.waitFor('stdout', /ready-0> /)
    shell.write(`stty cols ${COLUMNS}\r`)
    return shell
  }

  it('goes on at Enter, drops other keys, and gives the terminal back as it was', async () => {
    const folder = await temporaryFolder()
    const shell = await openShell(folder)
    shell.write('stty -a > before; pynet demo echo --pace 60; echo status-$?; stty -a > after\r')
    await shell.waitFor('stdout', /accept, blocks/)
    // Enter twice for each of six steps; the shell would make a file of each line.
    shell.write('touch a-file\r'.repeat(12))
    await shell.waitFor('stdout', /status-0/)
    shell.write('exit\r')
    const screen = Buffer.from((await shell.finished()).stdout, 'latin1').toString('utf8')
    expect((await readdir(folder)).sort()).toEqual(['after', 'before'])
    expect(await readFile(join(folder, 'after'))).toEqual(await readFile(join(folder, 'before')))

    const { client, server, waiting } = { client: 36, server: 32, waiting: 33 }
    const painted = (colour: number, text: string) => `\x1b[${colour}m${text}\x1b[39m`
    expect(screen.split(painted(server, ' server'))).toHaveLength(6)
    expect(screen).toContain(painted(client, '├'))
    expect(screen).toContain(painted(waiting, '\x1b[1m┃\x1b[22m'))
    const rows = screen.slice(screen.indexOf('pynet demo')).split('\r\n')
    const visible = rows.map((row) => row.replaceAll(new RegExp(`${escapeByte}\\[\\d+m`, 'g'), ''))
    expect(visible.filter((row) => / [│┃]/.test(row) && row.length > COLUMNS)).toEqual([])
  })

  it('ends at q with 0 and at Ctrl-C with 130, and says that 59 columns are too few', async () => {
    const folder = await temporaryFolder()
    const shell = await openShell(folder)
    for (const [key, status] of [
      ['aq', 0],
      ['b\x03', 130],
    ]) {
      shell.write(`pynet demo str --pace ${status}.5\r`)
      await shell.waitFor('stdout', new RegExp(`pace ${status}.*waits for two clients`, 's'))
      shell.write(`${key}`)
      await shell.waitFor('stdout', new RegExp(`pace ${status}.*ready-${status}> $`, 's'))
      expect(await readdir(folder)).toEqual([])
    }
    shell.write('stty cols 59; pynet demo echo\r')
    await shell.waitFor('stdout', /needs 60 columns.*ready-1> $/s)
    shell.write('exit\r')
    await shell.finished()
  })
})
