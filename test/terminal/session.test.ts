// The programs in a real terminal: what a person sees there, and what the keys do.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { escapeByte } from '../support/expectations.ts'
import { startPynet } from '../support/processes.ts'
import { hasTerminal } from '../support/requirements.ts'
import {
  controlC,
  controlD,
  enter,
  openPynet,
  openTerminal,
  portOnScreen,
  pynetLine,
  quote,
} from '../support/terminal.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, serveRaw } from '../support/wire.ts'

const hasTerminals = hasTerminal('terminal sessions')
const local = ['--host', '127.0.0.1'] as const
const prompt = 'enter a letter:'

describe.runIf(hasTerminals)('echo-server in a terminal', () => {
  it('says who waits for Enter, with how many bytes, and sends the echo at that key', async () => {
    const terminal = openPynet(['echo-server', 0, ...local, '--copies', 2])
    const port = await portOnScreen(terminal)
    const client = await connectRaw(port)
    await client.send('abcde')
    client.shutdown()
    const question = `pynet: 5 bytes from 127.0.0.1:${client.localPort}: press Enter to send the copies back\r\n`
    const greeting = `client is at ('127.0.0.1', ${client.localPort})\r\n`
    const screen = `pynet: listening on port ${port}\r\n${greeting}${question}`
    await terminal.waitForExactly('stdout', screen)
    expect(client.received).toHaveLength(0)
    terminal.write(enter)
    expect(String(await client.untilEnd())).toBe('abcdeabcde')
    const { stdout, status } = await terminal.finished()
    expect({ stdout, status }).toEqual({ stdout: `${screen}\r\n`, status: 0 })
  })

  it('has the question last and undimmed, whatever a trace shows meanwhile', async () => {
    const terminal = openPynet(['echo-server', 0, ...local, '--trace'], { FORCE_COLOR: '1' })
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    client.shutdown()
    await terminal.waitFor(
      'stdout',
      /keyboard[^\n]* blocked[^\n]*\r\npynet: 3 bytes from [^\n]*: press Enter to send the copies back\r\n$/,
    )
    // The terminal takes Ctrl-D for Enter.
    terminal.write(controlD)
    expect(await client.untilEnd()).toHaveLength(30_000)
  })

  it('asks nothing where it does not wait for a key, also as a background job', async () => {
    const words = ['echo-server', 0, ...local, '--copies', 1, '--go-ahead', 'now']
    // A background job that reads from its terminal is stopped by the system (SIGTTIN).
    const terminal = openTerminal(`set -m; ${pynetLine(words)} & wait $!`)
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    client.shutdown()
    expect(String(await client.untilEnd())).toBe('abc')
    const { stdout, status } = await terminal.finished()
    expect(stdout).not.toContain('Enter')
    expect(status).toBe(0)
  })

  it('ends at once with 130 at Ctrl-C while it waits for Enter', async () => {
    const terminal = openPynet(['echo-server', 0, ...local])
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send('abc')
    client.shutdown()
    await terminal.waitFor('stdout', /Enter/)
    const begin = performance.now()
    terminal.write(controlC)
    expect((await terminal.finished()).status).toBe(130)
    expect(performance.now() - begin).toBeLessThan(1900)
    expect(client.received).toHaveLength(0)
  })
})

describe.runIf(hasTerminals)('str-server in a terminal', () => {
  const final = 'the final value of v is '

  it('prints the final value on a line of its own at Ctrl-C', async () => {
    const terminal = openPynet(['str-server', 0, ...local])
    await terminal.waitFor('stdout', /waiting for 2 more clients\r\n/)
    terminal.write(controlC)
    const { stdout, status } = await terminal.finished()
    expect(stdout.slice(stdout.indexOf('^C'))).toBe(`^C\r\n${final}\r\n`)
    expect(status).toBe(130)
  })

  it('does so where its stderr is a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pynet-terminal-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'stderr')
    const line = pynetLine(['str-server', 0, ...local])
    const terminal = openTerminal(`: > ${quote(file)}; exec ${line} 2> ${quote(file)}`)
    await waitUntil(
      () => readFileSync(file, { flag: 'a+' }).includes('listening'),
      'the ready line',
    )
    terminal.write(controlC)
    expect((await terminal.finished()).stdout).toBe(`^C\r\n${final}\r\n`)
    expect(readFileSync(file, 'utf8')).toMatch(/^pynet: listening on port \d+\n$/)
  })
})

describe.runIf(hasTerminals)('str-client in a terminal', () => {
  it("shows the tutorial's transcript, with what is typed behind each prompt", async () => {
    const server = startPynet('str-server', 0, ...local, '--clients', 2)
    const port = await server.ready()
    const terminal = openPynet(['str-client', 'localhost', port])
    const other = openPynet(['str-client', 'localhost', port])
    await other.waitForExactly('stdout', prompt)
    let screen = prompt
    await terminal.waitForExactly('stdout', screen)
    for (const [letter, reply] of [
      ['a', 'a'],
      ['b', 'ab'],
    ]) {
      terminal.write(`${letter}${enter}`)
      screen += `${letter}\r\n${reply}\r\n${prompt}`
      await terminal.waitForExactly('stdout', screen)
    }
    // One leaves with Enter, and the other with Ctrl-D, behind which the shell's prompt begins a line.
    terminal.write(enter)
    other.write(controlD)
    expect((await terminal.finished()).stdout).toBe(`${screen}\r\n`)
    const { stdout, status } = await other.finished()
    expect({ stdout, status }).toEqual({ stdout: `${prompt}\r\n`, status: 0 })
    expect((await server.finished()).stdout).toBe('the final value of v is ab\n')
  })

  it('ends at once with 130 at Ctrl-C', async () => {
    const port = await serveRaw(() => {})
    const terminal = openPynet(['str-client', '127.0.0.1', port])
    await terminal.waitForExactly('stdout', prompt)
    terminal.write(controlC)
    const { stdout, status } = await terminal.finished()
    expect({ stdout, status }).toEqual({ stdout: `${prompt}^C\r\n`, status: 130 })
  })
})

describe.runIf(hasTerminals && process.platform === 'linux')('echo-client - in a terminal', () => {
  it('in the background says that it waits, is not stopped, and reads once in front', async () => {
    let received = ''
    const port = await serveRaw(async (client) => {
      received = String(await client.untilEnd())
      await client.send(received)
      client.shutdown()
    })
    const job = `${pynetLine(['echo-client', '127.0.0.1', port, '-'])} & echo "job is $!"`
    const terminal = openTerminal(`set -m; ${job}; read line; fg`)
    const [, pid] = await terminal.waitFor('stdout', /job is (\d+)/)
    await terminal.waitFor('stdout', /pynet: .*background.*\bfg\b/)
    // Where it reads from the terminal, the system stops it (SIGTTIN): state T of proc(5).
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) [RSD] /)
    // This Enter is for the shell; what follows it for the program in front.
    terminal.write(enter)
    terminal.write(`abc${enter}${controlD}`)
    const { stdout, status } = await terminal.finished()
    expect(received).toBe('abc\n')
    expect(stdout).toContain('abc\r\n\r\nreceived 4 bytes\r\n')
    expect(status).toBe(0)
  })
})

describe.runIf(hasTerminals)('bytes of a peer in a terminal', () => {
  // C0, ESC and its sequences, C1 alone and as UTF-8, direction controls, and what is no UTF-8.
  const hostile = Buffer.concat([
    Buffer.from('\x00\x07\x08\x0b\x0c\x0e\x7f\x1b[2J\x1b]0;title\x07\x1bPq\x1b\\\u009b2J\u0085'),
    Buffer.from('\u202aone\u202btwo\u202c\u202d\u202ethree\u2066\u2067\u2068\u2069'),
    Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0x90, 0x9d, 0x9c, 0xc3, 0x28, 0xff, 0xe2, 0x82]),
  ])

  /** What a terminal was shown has no byte that could steer it, but for the line ends. */
  function expectHarmless(screen: string): void {
    const raw = Buffer.from(screen, 'latin1').toString('utf8')
    expect(raw.replace(/[\r\n\t]/g, '')).not.toMatch(/[\p{Cc}\ufffd\u202a-\u202e\u2066-\u2069]/u)
    for (const shown of ['^@', '^G', '^H', '^?', '^[[2J', '^[]0;title^G', '\\x9b2J', '\\x9b31m']) {
      expect(raw).toContain(shown)
    }
    const direction = '\\u202aone\\u202btwo\\u202c\\u202d\\u202ethree\\u2066\\u2067\\u2068\\u2069'
    for (const shown of [direction, '\\xc3(', '\\xff', '\\xe2\\x82']) expect(raw).toContain(shown)
  }

  it.each([
    ['echo-client', ['x', '--trace']],
    ['wps-client', ['w']],
    ['str-client', []],
  ])('of every dangerous kind are made visible by %s', async (client, words) => {
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send(hostile)
      peer.shutdown()
    })
    const terminal = openPynet([client, '127.0.0.1', port, ...words])
    if (client === 'str-client') terminal.write(`a${enter}`)
    expectHarmless((await terminal.finished()).stdout)
  })

  it('are made visible in the final value that str-server prints', async () => {
    const terminal = openPynet(['str-server', 0, ...local, '--clients', 1])
    const client = await connectRaw(await portOnScreen(terminal))
    await client.send(hostile)
    client.shutdown()
    await client.untilEnd()
    expectHarmless((await terminal.finished()).stdout)
  })

  it('that are one character in two segments of a long line are shown as one', async () => {
    const before = 'x'.repeat(65_535)
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send(Buffer.from(`${before}\xc3`, 'latin1'))
      await peer.send(Buffer.from('\xa9 \xe2\x82', 'latin1'))
      peer.shutdown()
    })
    const terminal = openPynet(['wps-client', '127.0.0.1', port, 'w'])
    // The end of data leaves the last one what it is: two bytes of three.
    expect((await terminal.finished()).stdout).toBe(`${before}\xc3\xa9 \\xe2\\x82`)
  })
})

describe.runIf(hasTerminals)('colours', () => {
  it('are there in a terminal, and not with NO_COLOR', async () => {
    const line = pynetLine(['echo-server', 'http'])
    const { stdout } = await openTerminal(`${line}; NO_COLOR=1 ${line}`, {}).finished()
    const [coloured, uncoloured] = stdout.split('\r\n')
    expect(coloured).toContain(escapeByte)
    expect(uncoloured).toMatch(/^pynet: 'http' is invalid/)
  })
})
