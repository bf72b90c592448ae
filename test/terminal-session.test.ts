// The programs in a real terminal: a pseudo-terminal of `script`, and keys typed into it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { escapeByte } from './support/expectations.ts'
import { pynetPath, type RunningProcess, start, startPynet } from './support/processes.ts'
import { hasTerminal } from './support/requirements.ts'
import { aWhile } from './support/sockets.ts'
import { waitUntil } from './support/waiting.ts'
import { connectRaw, serveRaw } from './support/wire.ts'

const controlC = '\x03'
const controlD = '\x04'
const enter = '\r'
const prompt = 'enter a letter:'

interface TerminalOptions {
  /** Where the program's stderr goes instead of the terminal. */
  stderrFile?: string
  env?: Record<string, string | undefined>
}

function quote(word: string | number): string {
  return `'${String(word).replaceAll("'", "'\\''")}'`
}

/** A terminal in which the program runs; its stdout is the screen, its input the keyboard. */
function openTerminal(
  args: readonly (string | number)[],
  { stderrFile, env }: TerminalOptions = {},
): RunningProcess {
  const words = [process.execPath, pynetPath, ...args].map(quote).join(' ')
  const redirection = stderrFile === undefined ? '' : ` 2> ${quote(stderrFile)}`
  return start('script', ['-qec', `exec ${words}${redirection}`, '/dev/null'], {
    stdin: 'pipe',
    env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    ownGroup: true,
  })
}

/** The port of the ready line, wherever on the screen it is and whatever its colours. */
async function portOnScreen(terminal: RunningProcess): Promise<number> {
  const line = await terminal.waitFor('stdout', /pynet: .*listening on port (\d+)/)
  return Number(line[1])
}

async function temporaryFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pynet-terminal-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return join(directory, 'stderr')
}

async function serveStrings(): Promise<{ server: RunningProcess; port: number }> {
  const server = startPynet('str-server', 0, '--host', '127.0.0.1', '--clients', 1)
  return { server, port: await server.ready() }
}

const hasTerminals = hasTerminal('terminal sessions')
const plain = { env: { NO_COLOR: '1' } }

describe.runIf(hasTerminals)('echo-server in a terminal', () => {
  it('sends the echo when Enter is typed, and not before', async () => {
    const terminal = openTerminal(['echo-server', 0, '--host', '127.0.0.1', '--copies', 2], plain)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    await terminal.waitFor('stdout', /Enter/)
    expect(client.received.length).toBe(0)
    terminal.write(enter)
    expect((await client.untilEnd()).toString()).toBe('abcabc')
    client.shutdown()
    const ended = await terminal.finished()
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain(`client is at ('127.0.0.1', ${client.localPort})\r\n`)
  })

  it('says on stderr that it waits for Enter, for which client and how many bytes', async () => {
    const stderrFile = await temporaryFile()
    const terminal = openTerminal(['echo-server', 0, '--host', '127.0.0.1'], {
      ...plain,
      stderrFile,
    })
    const stderr = () => readFile(stderrFile, 'utf8').catch(() => '')
    const port = await waitUntil(
      async () => /listening on port (\d+)/.exec(await stderr())?.[1],
      'the ready line',
    )
    const client = await connectRaw(Number(port))
    await client.send('abcde')
    const hint = await waitUntil(
      async () => /^.*\bEnter\b.*\n/m.exec(await stderr())?.[0],
      'the hint about Enter',
    )
    expect(hint).toContain(String(client.localPort))
    expect(hint).toContain('127.0.0.1')
    expect(hint).toMatch(/\b5 bytes\b/)
    // The screen, where stdout is, has the line of the tutorial only.
    expect(terminal.stdout.toString()).toBe(`client is at ('127.0.0.1', ${client.localPort})\r\n`)
    terminal.write(enter)
    expect((await client.untilEnd()).length).toBe(50_000)
  })

  it('gives no such hint when it does not wait for a key', async () => {
    const args = ['echo-server', 0, '--host', '127.0.0.1', '--go-ahead', 'now'] as const
    const terminal = openTerminal(args, plain)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    client.shutdown()
    await client.untilEnd()
    const ended = await terminal.finished()
    expect(ended.stdout).not.toContain('Enter')
    expect(ended.status).toBe(0)
  })

  it('ends at once with 130 at Ctrl-C while it waits for a client', async () => {
    const terminal = openTerminal(['echo-server', 0, '--host', '127.0.0.1'], plain)
    await portOnScreen(terminal)
    terminal.write(controlC)
    expect((await terminal.finished()).status).toBe(130)
  })

  it('ends at once with 130 at Ctrl-C while it waits for Enter', async () => {
    const terminal = openTerminal(['echo-server', 0, '--host', '127.0.0.1'], plain)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    await terminal.waitFor('stdout', /Enter/)
    const begin = performance.now()
    terminal.write(controlC)
    expect((await terminal.finished()).status).toBe(130)
    // A client that keeps its side open may not hold up the user: "at once" is not two seconds.
    expect(performance.now() - begin).toBeLessThan(1900)
  })

  it('started in the background needs no keyboard when it does not wait for a key', async () => {
    // A background job that reads from its terminal is stopped by the system (SIGTTIN).
    const program = [process.execPath, pynetPath].map(quote).join(' ')
    const server = `${program} echo-server 0 --host 127.0.0.1 --copies 1 --go-ahead now`
    const terminal = start('script', ['-qec', `set -m; ${server} & wait $!`, '/dev/null'], {
      stdin: 'pipe',
      env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...plain.env },
      ownGroup: true,
    })
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    expect((await client.untilEnd()).toString()).toBe('abc')
    client.shutdown()
    expect((await terminal.finished()).status).toBe(0)
  })

  it('takes Ctrl-D for Enter', async () => {
    const args = ['echo-server', 0, '--host', '127.0.0.1', '--copies', 1] as const
    const terminal = openTerminal(args, plain)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    await terminal.waitFor('stdout', /Enter/)
    terminal.write(controlD)
    expect((await client.untilEnd()).toString()).toBe('abc')
  })

  it('has colours in a terminal, and none with NO_COLOR', async () => {
    const coloured = openTerminal(['echo-server', 'http'])
    expect((await coloured.finished()).stdout).toContain(escapeByte)
    const without = openTerminal(['echo-server', 'http'], plain)
    const ended = await without.finished()
    expect(ended.stdout).not.toContain(escapeByte)
    expect(ended.status).toBe(2)
  })
})

describe.runIf(hasTerminals)('str-client in a terminal', () => {
  it("shows the tutorial's transcript, with what is typed after each prompt", async () => {
    const { server, port } = await serveStrings()
    const terminal = openTerminal(['str-client', 'localhost', port], plain)
    let screen = prompt
    await terminal.waitForExactly('stdout', screen)
    for (const [letter, reply] of [
      ['a', 'a'],
      ['b', 'ab'],
      ['c', 'abc'],
    ]) {
      terminal.write(`${letter}${enter}`)
      screen += `${letter}\r\n${reply}\r\n${prompt}`
      await terminal.waitForExactly('stdout', screen)
    }
    terminal.write(enter)
    const ended = await terminal.finished()
    expect(ended.stdout).toBe(`${screen}\r\n`)
    expect(ended.status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is abc\n')
  })

  it('ends at Ctrl-D as at Enter', async () => {
    const { server, port } = await serveStrings()
    const terminal = openTerminal(['str-client', '127.0.0.1', port], plain)
    await terminal.waitForExactly('stdout', prompt)
    terminal.write(`a${enter}`)
    await terminal.waitForExactly('stdout', `${prompt}a\r\na\r\n${prompt}`)
    terminal.write(controlD)
    expect((await terminal.finished()).status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is a\n')
  })

  it('ends at once with 130 at Ctrl-C', async () => {
    const { server, port } = await serveStrings()
    const terminal = openTerminal(['str-client', '127.0.0.1', port], plain)
    await terminal.waitForExactly('stdout', prompt)
    terminal.write(controlC)
    expect((await terminal.finished()).status).toBe(130)
    expect((await server.finished()).stdout).toBe('the final value of v is \n')
  })
})

describe.runIf(hasTerminals && process.platform === 'linux')('echo-client - in a terminal', () => {
  it('in the background says that it waits, is not stopped, and reads once in front', async () => {
    let received = ''
    const port = await serveRaw(async (client) => {
      received = (await client.untilEnd()).toString()
      await client.send('the echo')
      client.shutdown()
    })
    const program = [process.execPath, pynetPath, 'echo-client', '127.0.0.1', port, '-']
    const job = `${program.map(quote).join(' ')} & echo "job is $!"`
    const terminal = start('script', ['-qec', `set -m; ${job}; read line; fg`, '/dev/null'], {
      stdin: 'pipe',
      env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...plain.env },
      ownGroup: true,
    })
    const pid = (await terminal.waitFor('stdout', /job is (\d+)/))[1]
    await terminal.waitFor('stdout', /pynet: .*background.*\bfg\b/)
    // Where it read from the terminal, the system would stop it (SIGTTIN): state T of proc(5).
    await aWhile(300)
    expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) [RSD] /)
    // This Enter is for the shell; what follows it for the program in front.
    terminal.write(enter)
    terminal.write(`abc${enter}${controlD}`)
    const ended = await terminal.finished()
    expect(received).toBe('abc\n')
    expect(ended.stdout).toContain('the echo\r\nreceived 8 bytes\r\n')
    expect(ended.status).toBe(0)
  })
})

describe.runIf(hasTerminals)('bytes of a peer in a terminal', () => {
  it('that are control sequences never reach it raw', async () => {
    const port = await serveRaw(async (client) => {
      await client.send('\x1b]0;title\x07\x1b[31mred\x9b2Jabc')
      client.shutdown()
    })
    const terminal = openTerminal(['echo-client', '127.0.0.1', port, 'x'], plain)
    const ended = await terminal.finished()
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain('abc')
    expect(ended.stdout).toContain('received')
    // The wire carried this text as UTF-8, in which 0x9b follows 0xc2.
    expect(ended.stdout).not.toContain(escapeByte)
    expect(ended.stdout).not.toContain('\x07')
    expect(ended.stdout).not.toContain('\xc2\x9b')
  })

  // C0, ESC and its sequences, C1 alone and as UTF-8, and what is no UTF-8 at all.
  const hostile = Buffer.concat([
    Buffer.from('\x00\x07\x08\x0b\x0c\x0e\x7f\x1b[2J\x1b]0;title\x07\x1bPq\x1b\\\u009b2J\u0085'),
    Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0x90, 0x9d, 0x9c, 0xc3, 0x28, 0xff, 0xe2, 0x82]),
  ])

  /** What a terminal was shown has no byte that could steer it, but for the line ends. */
  function expectHarmless(screen: string): void {
    const raw = Buffer.from(screen, 'latin1').toString('utf8')
    expect(raw.replace(/[\r\n\t]/g, '')).not.toMatch(/[\p{Cc}\ufffd]/u)
    for (const shown of ['^@', '^G', '^H', '^?', '^[[2J', '^[]0;title^G', '\\x9b2J', '\\x9b31m']) {
      expect(raw).toContain(shown)
    }
    for (const shown of ['\\xc3(', '\\xff', '\\xe2\\x82']) expect(raw).toContain(shown)
  }

  it.each([
    ['echo-client', ['x']],
    ['wps-client', ['w']],
  ])('of every dangerous kind are made visible by %s', async (client, words) => {
    const port = await serveRaw(async (peer) => {
      await peer.send(hostile)
      peer.shutdown()
    })
    const terminal = openTerminal([client, '127.0.0.1', port, ...words], plain)
    expectHarmless((await terminal.finished()).stdout)
  })

  it('a character that two pieces of a long line share is shown as one by wps-client', async () => {
    const before = 'x'.repeat(65_535)
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send(Buffer.from(`${before}\xc3\xa9 \xe2\x82`, 'latin1'))
      peer.shutdown()
    })
    const terminal = openTerminal(['wps-client', '127.0.0.1', port, 'w'], plain)
    // The end of data leaves the last one what it is: two bytes of three.
    expect((await terminal.finished()).stdout).toBe(`${before}\xc3\xa9 \\xe2\\x82`)
  })

  it('are made visible in the final value that str-server prints', async () => {
    const terminal = openTerminal(['str-server', 0, '--host', '127.0.0.1', '--clients', 1], plain)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send(hostile)
    await client.waitForBytes((hostile.length * (hostile.length + 1)) / 2)
    client.shutdown()
    const ended = await terminal.finished()
    expect(ended.stdout).toContain('the final value of v is ')
    expectHarmless(ended.stdout)
  })
})
