// demo: the real programs as child processes, what it shows of them, and that none is left behind.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectFailure, expectUsageError } from '../support/expectations.ts'
import {
  pynetPath,
  type RunningProcess,
  runPynet,
  start,
  startPynet,
  startShell,
} from '../support/processes.ts'
import { hasFile, hasProgram, hasTerminal } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'

const DEFAULT_WIDTH = 80

/** A folder for the demo's temporary files, so that a test sees what is left of them. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pynet-demo-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** Node.js 22 and later would keep compiled code there, too, which is not the demo's to clear. */
function inFolder(folder: string): Record<string, string> {
  return { TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: '1' }
}

/** What a demo prints at once, in UTF-8; it leaves no file behind, and nothing on stderr. */
async function play(pair: string, ...options: string[]): Promise<string> {
  const folder = await temporaryFolder()
  const env = inFolder(folder)
  const result = await runPynet('demo', pair, '--pace', 0, ...options, { env })
  expect(result.stderr).toBe('')
  expect(result.status).toBe(0)
  expect(await readdir(folder)).toEqual([])
  return Buffer.from(result.stdout, 'latin1').toString('utf8')
}

/** What a demo prints at once on a terminal that is so wide. */
async function playInTerminal(pair: string, columns = DEFAULT_WIDTH): Promise<string> {
  const words = [process.execPath, pynetPath, 'demo', pair, '--pace', '0'].join("' '")
  const command = `stty cols ${columns}; exec '${words}'`
  const env = { TERM: 'xterm-256color', SHELL: '/bin/sh' }
  const result = await start('script', ['-qec', command, '/dev/null'], { env }).finished()
  expect(result.status).toBe(0)
  return Buffer.from(result.stdout, 'latin1').toString('utf8').replaceAll('\r\n', '\n')
}

/** The plain lines without the sentences. */
function facts(text: string): string[] {
  const [session = ''] = text.split('\n# What the calls came to:')
  return session.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

function printedBy(name: string, text: string): string[] {
  return facts(text)
    .filter((line) => line.startsWith(`${name}> `))
    .map((line) => line.slice(name.length + 2))
}

/** The processes whose parent is `pid`, of all that /proc shows. */
async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(parent) === pid) children.push(Number(name))
  }
  return children
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The sample session in its middle: the server and both clients run, and a key was typed. */
async function inTheMiddle(folder: string): Promise<{ demo: RunningProcess; children: number[] }> {
  const demo = startPynet('demo', 'str', '--pace', 0.2, { env: inFolder(folder) })
  await demo.waitFor('stdout', /> enter a letter:b/)
  const children = await childrenOf(demo.pid)
  expect(children).toHaveLength(3)
  return { demo, children }
}

describe('demo', () => {
  it('of str plays the sample session of the tutorial', async () => {
    const text = await play('str', '--plain')
    const dialogue = (...pairs: [key: string, value: string][]) => [
      ...pairs.flatMap(([key, value]) => [`enter a letter:${key}`, value]),
      'enter a letter:',
    ]
    expect(printedBy('first', text)).toEqual(
      dialogue(['a', 'a'], ['b', 'ab'], ['c', 'abc'], ['d', 'abcuuvvd'], ['e', 'abcuuvvdwwe']),
    )
    expect(printedBy('second', text)).toEqual(
      dialogue(
        ['u', 'abcu'],
        ['u', 'abcuu'],
        ['v', 'abcuuv'],
        ['v', 'abcuuvv'],
        ['w', 'abcuuvvdw'],
        ['w', 'abcuuvvdww'],
      ),
    )
    expect(printedBy('server', text)).toEqual(['the final value of v is abcuuvvdwwe'])
  })

  it('of echo with --plain is exactly this', async () => {
    expect(facts(await play('echo', '--plain'))).toEqual([
      'server$ pynet echo-server 0 --host 127.0.0.1',
      'server: listen',
      'server: accept',
      'server: recv 3 bytes "abc"',
      `server> client is at ('127.0.0.1', PORT)`,
      'client$ pynet echo-client 127.0.0.1 PORT abc',
      'client: connect',
      'client: sendAll 3 bytes "abc"',
      'client: recv blocks',
      'server: keyboard blocks',
      'server: keyboard Enter',
      'server: sendAll 30,000 bytes "abcabcabcabcabcabcabcabcabcabcab…"',
      'server: close the connection',
      'server: close the listener',
      'server: exit code 0',
      'client: recv 30,000 bytes in chunks',
      'client: recv 0 bytes: end of data',
      'client: close the connection',
      'client> abcabcabcabcabcabcabcabcabcabc…',
      'client> received 30000 bytes in chunks',
      'client: exit code 0',
    ])
  })

  it('of echo in a pipe has plain lines, with the ports, the times and the sums', async () => {
    const text = await play('echo')
    expect(text).not.toMatch(/[│├►◄]/)
    const [, port] = /^server: listen 127\.0\.0\.1:(\d+), at \d+\.\d{3} s$/m.exec(text) ?? []
    expect(text).toContain(`client$ pynet echo-client 127.0.0.1 ${port} abc\n`)
    expect(text).toMatch(/^client: recv 0 bytes: end of data, at \d+\.\d{3} s/m)
    expect(text).toMatch(/^server: keyboard Enter, at \d+\.\d{3} s, blocked \d+\.\d{3} s$/m)
    expect(text).toMatch(/^client> abcabc.*…$/m)
    expect(text).toMatch(/^ {2}sendAll +1 × +30,000 bytes +blocked/m)
    expect(text.match(/^ {2}processor time /gm)).toHaveLength(2)
  })

  for (const pair of ['echo', 'str', 'wps']) {
    const canRun = pair !== 'wps' || hasProgram('ps', 'demo wps --plain')
    it.runIf(canRun)(`of ${pair} with --plain is the same in three runs`, async () => {
      const first = await play(pair, '--plain')
      expect(await play(pair, '--plain')).toBe(first)
      expect(await play(pair, '--plain')).toBe(first)
      expect(first).not.toMatch(/[│├►◄]/)
    })
  }

  it('with a pace waits before and after each step', async () => {
    const begin = performance.now()
    const result = await runPynet('demo', 'echo', '--pace', 0.25, '--plain')
    expect(result.status).toBe(0)
    const [steps, pauses, paceMs] = [4, 2, 250]
    expect(performance.now() - begin).toBeGreaterThan(steps * pauses * paceMs)
  })

  it('without a pair, with an unknown one or a bad pace is wrong usage', async () => {
    expectUsageError(await runPynet('demo'), 'pair')
    expectUsageError(await runPynet('demo', 'ping'), 'echo, wps, str')
    expectUsageError(await runPynet('demo', 'echo', '--pace', 'slow'), '--pace')
  })

  it('without a place for its temporary files says so in one line', async () => {
    // Nobody can make a folder in a file, not even root.
    const folder = join(pynetPath, 'folder')
    expectFailure(await runPynet('demo', 'echo', { env: inFolder(folder) }), folder)
  })
})

describe.runIf(hasTerminal('a demo in a terminal'))('demo in a terminal', () => {
  it('of echo shows calls, arrows, output and sums in 80 columns', async () => {
    const text = await playInTerminal('echo')
    const lines = text.split('\n')
    expect(lines.filter((line) => line.length > DEFAULT_WIDTH)).toEqual([])
    expect(text).toMatch(/^ {2}client +server$/m)
    expect(text).toMatch(/^ ├ +\d+\.\d{3} sendAll 3 bytes \[0:3\] "abc" +│$/m)
    expect(text).toMatch(/^ ├─+\[0:3\]─+►├ +\d+\.\d{3} recv 3 bytes "abc"$/m)
    expect(text).toMatch(/recv 0 bytes: end of data ◄─+┤$/m)
    expect(text).toMatch(
      /keyboard\.\n\n │ {6}… recv blocks +│\n │ +│ {6}… keyboard blocks\n\nWe press/,
    )
    expect(text).toMatch(/├ +\d+\.\d{3} close the connection$/m)
    expect(text).toMatch(/├ +\d+\.\d{3} close the listener$/m)
    expect(text).toMatch(/│ > client is at \('127\.0\.0\.1', \d+\)$/m)
    expect(text).toMatch(/^ {2}sendAll +1 × +30,000 bytes +blocked/m)
    expect(text).toMatch(/^ {2}recv +3 × +3 bytes +blocked .* 2 given up$/m)
    expect(
      text.match(/^ {2}processor time \d+\.\d{3} s of \d+\.\d{3} s wall time$/gm),
    ).toHaveLength(2)
    expect(text).toContain('"npx pynet echo-server 2000 --trace"')
  })

  it('of str has a lane for each of the three, with the server in the middle', async () => {
    const text = await playInTerminal('str')
    expect(text).toMatch(/^ {2}first +server +second$/m)
    expect(text).toMatch(/^ ├─+\[0:1\]─+►├ .*tryRecv/m)
    expect(text).toMatch(/^ │ +├ .*tryRecv .*◄─.*┤$/m)
    expect(text).toMatch(/│ +├ +\d+\.\d{3} close listener +│/)
    expect(text).toMatch(/^ │ +│ +│ {6}… keyboard blocks$/m)
    expect(text).toMatch(/^ +│ > the final value of v +│$/m)
  })

  it.runIf(hasProgram('ps', 'demo wps'))('of wps shows the lines that come', async () => {
    const text = await playInTerminal('wps')
    expect(text).toMatch(/^ ├ .*readLine \d+ bytes ◄─+\[0:\d+\]─+┤$/m)
    expect(text).toMatch(/^ │ > +PID TTY +TIME CMD +│$/m)
    expect(text).toMatch(/^ +│ {6}… accept blocks$/m)
    expect(text).toMatch(/^ +└ exit code 130$/m)
  })

  it('in a wide one is as wide', async () => {
    const columns = 140
    const text = await playInTerminal('str', columns)
    const lines = text.split('\n')
    expect(lines.filter((line) => line.length > columns)).toEqual([])
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(DEFAULT_WIDTH)
    expect(text).toMatch(/├ +\d+\.\d{3} sendAll 11 bytes \[14:25\] "abcuu/)
  })
})

describe.runIf(hasFile('/proc/self/stat', 'the children of a demo'))('demo in its middle', () => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`at ${signal} ends all that it has started, and leaves no file`, async () => {
      const folder = await temporaryFolder()
      const { demo, children } = await inTheMiddle(folder)
      demo.kill(signal)
      const ended = await demo.finished()
      expect(ended.status).toBe(status)
      expect(ended.stderr).toBe('')
      expect(children.filter(isAlive)).toEqual([])
      expect(await readdir(folder)).toEqual([])
    })
  }

  it('whose client dies says so in one line, and ends the others', async () => {
    const folder = await temporaryFolder()
    const { demo, children } = await inTheMiddle(folder)
    process.kill(Math.max(...children), 'SIGKILL')
    expectFailure(await demo.finished(), /"pynet str-client .*" ended with exit code 137/)
    expect(children.filter(isAlive)).toEqual([])
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
