// wps-server as a real process: what it runs, what it refuses, and how it serves a crowd.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectUsageError,
  withoutStatus,
} from '../support/expectations.ts'
import { type RunningProcess, runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, type RawSocket } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const hasPs = hasProgram('ps', 'wps-server: ps')
const hasW = hasProgram('w', 'wps-server: w')
const psTable = /^\s*PID\b[^\n]*\n(\s*\d+ [^\n]*\n)+$/
const lineCount = (text: string) => text.split('\n').length - 1

/** Sends each piece in a segment of its own and gives the whole answer. */
async function ask(port: number, ...pieces: string[]): Promise<string> {
  const client = await connectRaw(port)
  for (const piece of pieces) await client.send(piece)
  const answer = (await client.untilEnd()).toString()
  client.shutdown()
  return answer
}

describe.runIf(hasPs && hasW)('a request', () => {
  it.each(['ps', 'ps\n'])('of %j gets the table of processes, all lines', async (request) => {
    const server = startPynet('wps-server', 0, ...local)
    const table = await ask(await server.ready(), request)
    expect(table).toMatch(psTable)
    expect(table).toMatch(/\bps\n/)
  })

  it.each(['w', 'w\n'])('of %j gets who is there, all lines', async (request) => {
    const server = startPynet('wps-server', 0, ...local)
    const answer = await ask(await server.ready(), request)
    expect(answer.split('\n')[0]).toMatch(/load average/)
    expect(lineCount(answer)).toBe(lineCount(spawnSync('w', { encoding: 'utf8' }).stdout))
  })

  it('of "p" and then "s" in two segments is one request', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const client = await connectRaw(await server.ready())
    await client.send('p')
    // "p" alone is not complete: the server waits, and has long read it when it has greeted.
    await server.waitFor('stdout', /client is at/)
    await client.send('s')
    expect((await client.untilEnd()).toString()).toMatch(psTable)
  })

  it('whose newline comes in a segment of its own loses no line of the answer', async () => {
    const server = startPynet('wps-server', 0, ...local)
    expect(await ask(await server.ready(), 'ps', '\n')).toMatch(psTable)
  })

  it('prints where the client is, a line each', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    let printed = ''
    for (const request of ['w', 'ps', 'w']) {
      const client = await connectRaw(port)
      await client.send(request)
      await client.untilEnd()
      client.shutdown()
      printed += `client is at ('127.0.0.1', ${client.localPort})\n`
    }
    await server.waitForExactly('stdout', printed)
  })
})

describe('any other request', () => {
  it.each([
    'ls',
    'id',
    'W',
    'PS',
    'w ',
    ' w',
    'ww',
    'wps',
    'ps\r\n',
    'ps -ef',
    'w;id',
    'p\n',
    '\n',
    '\0\0',
  ])('such as %j gets one line that says what is served', async (request) => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const answer = await ask(port, request)
    expect(answer).toMatch(/^pynet: [^\n]*\bw\b[^\n]*\bps\b[^\n]*\n$/)
    // The next one is served.
    expect(await ask(port, 'zz')).toMatch(/^pynet: /)
  })

  it('such as half of one before the end of data gets that line too', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const client = await connectRaw(await server.ready())
    await client.send('p')
    client.shutdown()
    expect((await client.untilEnd()).toString()).toMatch(/^pynet: [^\n]*\n$/)
  })

  it('runs nothing, in a shell or without', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pynet-wps-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const mark = join(directory, 'mark')
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    for (const request of [
      `touch ${mark}`,
      `w;touch ${mark}`,
      `ps\ntouch ${mark}`,
      `$(touch ${mark})`,
    ]) {
      expect(await ask(port, request)).toMatch(/^pynet: [^\n]*\n$/)
    }
    expect(existsSync(mark)).toBe(false)
  })

  it('of a megabyte neither grows the server nor stops it', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const client = await connectRaw(port)
    client.send('x'.repeat(1_000_000)).catch(() => {})
    expect((await client.untilEnd()).toString()).toMatch(/^pynet: [^\n]*\n$/)
    expect(await ask(port, 'zz')).toMatch(/^pynet: /)
  })
})

describe.runIf(hasPs && hasW)('--omit-last-line', () => {
  it("leaves out the last line, as the tutorial's does", async () => {
    const whole = startPynet('wps-server', 0, ...local)
    const cut = startPynet('wps-server', 0, ...local, '--omit-last-line')
    const all = await ask(await whole.ready(), 'w')
    const fewer = await ask(await cut.ready(), 'w')
    expect(lineCount(fewer)).toBe(lineCount(all) - 1)
    expect(fewer).toMatch(/\n$/)
  })
})

describe.runIf(hasPs)('many clients', () => {
  it('of fifty at the same time all are served', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectRaw(port)))
    await Promise.all(clients.map((client) => client.send('ps')))
    const answers = await Promise.all(clients.map((client) => client.untilEnd()))
    for (const answer of answers) expect(answer.toString()).toMatch(psTable)
    for (const client of clients) {
      await server.waitFor('stdout', new RegExp(`^client is at .*, ${client.localPort}\\)$`, 'm'))
    }
    expect(lineCount(server.stdout.toString())).toBe(50)
  })

  it('of fifteen at the same time none costs a warning about listeners', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const clients = await Promise.all(Array.from({ length: 15 }, () => connectRaw(port)))
    await waitUntil(() => lineCount(server.stdout.toString()) === 15, 'fifteen clients')
    await Promise.all(clients.map((client) => client.send('ps')))
    for (const client of clients) expect((await client.untilEnd()).toString()).toMatch(psTable)
    server.kill('SIGTERM')
    expect(withoutStatus((await server.finished()).stderr)).toBe('')
  })

  it('are served while a silent one is waited for', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const silent = await connectRaw(port)
    expect(await ask(port, 'ps')).toMatch(psTable)
    await silent.send('ps')
    expect((await silent.untilEnd()).toString()).toMatch(psTable)
  })

  it('are served when another cuts its connection', async () => {
    const server = startPynet('wps-server', 0, ...local)
    const port = await server.ready()
    const failing = await connectRaw(port)
    await failing.send('p')
    await server.waitFor('stdout', /client is at/)
    failing.reset()
    expect(await ask(port, 'ps')).toMatch(psTable)
    expect(withoutStatus(server.stderr.toString())).toMatch(/^(pynet: [^\n]*\n)?$/)
  })
})

describe.runIf(hasPs)('so many clients that no descriptor is left', () => {
  /** Connects clients that say nothing until the server can't take one more, and gives them all. */
  async function connectTooMany(server: RunningProcess, port: number): Promise<RawSocket[]> {
    for (const idle: RawSocket[] = []; ; ) {
      const client = await connectRaw(port)
      idle.push(client)
      const isGone = () => client.socket.readableEnded || client.socket.destroyed
      const isTaken = () => server.stdout.includes(`, ${client.localPort})`)
      await waitUntil(() => isGone() || isTaken(), 'a client that is taken or not')
      if (isGone()) return idle
    }
  }

  it('are refused in time: who is there gets the table, and the others when some have left', async () => {
    const server = startShell('ulimit -n 64; pynet wps-server 0 --host 127.0.0.1 --timeout 60')
    const port = await server.ready()
    const asking = await connectRaw(port)
    await server.waitFor('stdout', new RegExp(`, ${asking.localPort}\\)`))
    const idle = await connectTooMany(server, port)
    expect(idle.length).toBeGreaterThan(1)
    // There are descriptors left for the command and its output.
    await asking.send('ps')
    expect((await asking.untilEnd()).toString()).toMatch(psTable)
    asking.shutdown()
    for (const client of idle) client.socket.destroy()
    // Until the server has noticed that they are gone, it may refuse again.
    const askAgain = () => ask(port, 'ps').catch(() => '')
    await waitUntil(async () => psTable.test(await askAgain()), 'the table after they have left')
    expect(withoutStatus(server.stderr.toString())).toMatch(
      /^pynet: connections refused: \d+ are open, and this process may open 64 files \(ulimit -n\)\n$/,
    )
  })
})

describe('--timeout', () => {
  it('drops a client that has sent no whole request by then', async () => {
    const server = startPynet('wps-server', 0, ...local, '--timeout', '0.4')
    const client = await connectRaw(await server.ready())
    const begin = performance.now()
    await client.send('p')
    await client.untilEnd()
    expect(performance.now() - begin).toBeGreaterThan(350)
    expect(performance.now() - begin).toBeLessThan(10_000)
  })

  it('drops a client that says nothing at all, and goes on with the next', async () => {
    const server = startPynet('wps-server', 0, ...local, '--timeout', '0.4')
    const port = await server.ready()
    const silent = await connectRaw(port)
    await silent.untilEnd()
    // And the next client is served by the same server.
    expect(await ask(port, 'zz')).toMatch(/^pynet: /)
  })

  // 16.1 * 1000 is no whole number in floating point.
  it('of 16.1 seconds is no hindrance: a client is answered', async () => {
    const server = startPynet('wps-server', 0, ...local, '--timeout', '16.1')
    expect(await ask(await server.ready(), 'zz')).toMatch(/^pynet: /)
  })

  it.each(['', '-1', '1e3', ' 1', '0x1', 'ten'])('%j is wrong usage', async (value) => {
    expectUsageError(await runPynet('wps-server', 0, `--timeout=${value}`), /timeout/)
  })
})

describe('stderr', () => {
  it('warns in one line when other machines can connect', async () => {
    const server = startPynet('wps-server', 0)
    await server.ready()
    await waitUntil(() => lineCount(server.stderr.toString()) >= 2, 'the warning')
    server.kill('SIGTERM')
    const { stderr } = await server.finished()
    expect(withoutStatus(stderr)).toMatch(/^pynet: [^\n]+\n$/)
  })

  it.each(['127.0.0.1', 'localhost'])('has no warning on %s', async (host) => {
    const server = startPynet('wps-server', 0, '--host', host)
    await server.ready()
    server.kill('SIGTERM')
    const { stderr } = await server.finished()
    expect(withoutStatus(stderr)).toBe('')
  })
})

describe('wrong usage', () => {
  it('is a port that is no plain decimal number up to 65535', async () => {
    await expectBadPortsRefused('wps-server', 'PORT')
  })

  it('is a port left out, or one too many', async () => {
    expectUsageError(await runPynet('wps-server'), /port/)
    expectUsageError(await runPynet('wps-server', 0, 'more'), /more|argument/)
  })
})

describe('ends', () => {
  it.each(endingSignals)(
    'at %s, with a client waiting, with exit code %i',
    async (signal, code) => {
      const server = startPynet('wps-server', 0, ...local)
      await connectRaw(await server.ready())
      await server.waitFor('stdout', /client is at/)
      server.kill(signal)
      const ended = await server.finished()
      expect(ended.status).toBe(code)
      expect(withoutStatus(ended.stderr)).not.toMatch(/^\s+at /m)
    },
  )

  it('with an error when another server holds its port', async () => {
    const first = startPynet('wps-server', 0, ...local)
    const port = await first.ready()
    expectFailure(await runPynet('wps-server', port, ...local), String(port))
  })

  it('not at the end of its input, not with its input closed', async () => {
    const server = startShell('pynet wps-server 0 --host 127.0.0.1 <&-')
    expect(await ask(await server.ready(), 'zz')).toMatch(/^pynet: /)
  })

  it('quietly when nobody reads its stdout any more', async () => {
    const server = startShell('pynet wps-server 0 --host 127.0.0.1 | head -n 1')
    const port = await server.ready()
    let ended = false
    server.exit.then(() => {
      ended = true
    })
    await waitUntil(async () => {
      if (!ended) await connectRaw(port).catch(() => undefined)
      return ended
    }, 'the end of the server')
    const result = await server.finished()
    expect(result.stdout).toMatch(/^client is at [^\n]*\n$/)
    expect(withoutStatus(result.stderr)).toBe('')
  })

  it.runIf(hasFile('/dev/full', 'wps-server with a full disk'))(
    'with an error when the disk under its stdout is full',
    async () => {
      const server = startShell('pynet wps-server 0 --host 127.0.0.1 > /dev/full')
      await connectRaw(await server.ready())
      expectFailure(await server.finished(), /ENOSPC|no space/i)
    },
  )
})
