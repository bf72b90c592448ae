// echo-server as a real process: its greeting, its go-ahead, its copies, its exits.
import { readFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectUsageError,
  withoutStatus,
} from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile, hasIpv6 } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const clientLine = (port: number) => `client is at ('127.0.0.1', ${port})\n`

/** The most memory that the process ever had; 0 where the system does not tell. */
async function readPeakKilobytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
}

describe('one client', () => {
  it('gets 10,000 copies after Enter, and stdout is the one line of the tutorial', async () => {
    const server = startPynet('echo-server', 0, { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    await server.waitForExactly('stdout', clientLine(client.localPort))
    expect(client.received.length).toBe(0)

    server.write('\n')
    expect((await client.untilEnd()).toString()).toBe('abc'.repeat(10_000))
    client.shutdown()

    // Its keyboard is a pipe that is still open: that keeps no program.
    const ended = await server.finished()
    expect(ended.stdout).toBe(clientLine(client.localPort))
    expect(withoutStatus(ended.stderr)).toBe('')
    expect(ended.status).toBe(0)
  })

  it('gets all that came before Enter, not only what the first read brought', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 2, { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    // Both pieces fit into the window of a new connection: they are there before Enter is.
    const big = 'x'.repeat(50_000)
    await client.send(big)
    await server.waitFor('stdout', /client is at/)
    await client.send('the end')
    server.write('\n')
    const echo = (await client.untilEnd()).toString()
    expect(echo.length).toBe(2 * (big.length + 'the end'.length))
    expect(echo === `${big}the end`.repeat(2)).toBe(true)
  })

  it('that is shown as IPv4 when it came by IPv4 to all interfaces', async () => {
    const server = startPynet('echo-server', 0, '--go-ahead', 'now')
    const client = await connectRaw(await server.ready())
    await server.waitForExactly('stdout', clientLine(client.localPort))
  })

  const ipv6Group = 'echo-server over IPv6'
  it.runIf(hasIpv6(ipv6Group))('that comes by IPv6 is shown with its address', async () => {
    const server = startPynet('echo-server', 0, '--go-ahead', 'now')
    const client = await connectRaw(await server.ready(), '::1')
    await server.waitForExactly('stdout', `client is at ('::1', ${client.localPort})\n`)
  })
})

describe('--copies', () => {
  it.each([
    ['0', ''],
    ['1', 'abc'],
    ['3', 'abcabcabc'],
    ['007', 'abc'.repeat(7)],
  ])('%s sends back that many', async (copies, echo) => {
    const server = startPynet('echo-server', 0, ...local, '--copies', copies, '--go-ahead', 'now')
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    client.shutdown()
    expect((await client.untilEnd()).toString()).toBe(echo)
    expect((await server.finished()).status).toBe(0)
  })

  it.each(['', '-1', '1.5', '1e3', '0x10', ' 5', 'many'])('%j is wrong usage', async (copies) => {
    expectUsageError(await runPynet('echo-server', 0, `--copies=${copies}`), /copies/)
  })

  it('1000 of 1.5 MB all come back, byte for byte, in constant memory', async () => {
    const string = Buffer.alloc(1_500_000)
    for (let i = 0; i < string.length; i++) string[i] = (i * 31 + (i >> 8) * 7) & 0xff
    const twice = Buffer.concat([string, string])
    // Not "now": on a busy machine a long string can come with a silence in the middle.
    const server = startPynet('echo-server', 0, ...local, '--copies', 1000, '--go-ahead', '3')
    const client = await connectUnread(await server.ready())
    client.write(string)
    client.end()

    let total = 0
    let peakKilobytes: number | undefined
    for await (const chunk of client) {
      const from = total % string.length
      const expected = twice.subarray(from, from + chunk.length)
      if (expected.compare(chunk) !== 0) throw new Error(`wrong bytes in the chunk at ${total}`)
      total += chunk.length
      // Once is enough, near the end, while the program is still there.
      if (total > 1_400_000_000 && peakKilobytes === undefined) {
        peakKilobytes = await readPeakKilobytes(server.pid)
      }
    }
    expect(total).toBe(1_500_000_000)
    expect((await server.finished()).status).toBe(0)
    expect(peakKilobytes).toBeLessThan(400_000)
  }, 60_000)
})

describe('--go-ahead', () => {
  it('now echoes without a keyboard, and an open pipe as keyboard keeps nothing', async () => {
    const server = startPynet('echo-server', 0, ...local, '--go-ahead', 'now', { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    expect((await client.untilEnd()).length).toBe(30_000)
    client.shutdown()
    expect((await server.finished()).status).toBe(0)
  })

  it('0.4 echoes that many seconds after the first bytes, and not before', async () => {
    const server = startPynet('echo-server', 0, ...local, '--go-ahead', '0.4', '--copies', 1)
    const client = await connectRaw(await server.ready())
    const begin = performance.now()
    await client.send('abc')
    await client.waitForBytes(3)
    expect(performance.now() - begin).toBeGreaterThan(390)
  })

  it('enter waits for the key, and the client gets nothing meanwhile', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 1, '--go-ahead', 'enter', {
      stdin: 'pipe',
    })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    client.shutdown()
    await server.waitFor('stdout', /client is at/)
    // A line that is not complete is no Enter.
    server.write('not yet')
    await client.expectSilence(200)
    server.write('\n')
    expect((await client.untilEnd()).toString()).toBe('abc')
  })

  it.each(endingSignals)('enter: %s is no go-ahead, and nothing is sent', async (signal, code) => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 2, { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    await server.waitFor('stdout', /client is at/)
    server.kill(signal)
    expect((await client.untilEnd()).toString()).toBe('')
    expect((await server.finished()).status).toBe(code)
  })

  it('enter counts when it was typed before the client came', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 2, { stdin: 'pipe' })
    server.write('\n')
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    expect((await client.untilEnd()).toString()).toBe('abcabc')
  })

  it('enter counts end of input as the key', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 1, { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    server.end()
    expect((await client.untilEnd()).toString()).toBe('abc')
  })

  it.each([
    ['/dev/null', '< /dev/null'],
    ['closed', '<&-'],
  ])('enter with %s as input goes ahead at once', async (_, redirection) => {
    const server = startShell(`pynet echo-server 0 --host 127.0.0.1 --copies 1 ${redirection}`)
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    expect((await client.untilEnd()).toString()).toBe('abc')
    client.shutdown()
    expect((await server.finished()).status).toBe(0)
  })

  it.each(['enter', '0', '0.001'])(
    '%s, given before a long string is there: all of it comes back',
    async (value) => {
      const options = [...local, '--copies', 1, '--go-ahead', value]
      const server = startPynet('echo-server', 0, ...options, { stdin: 'pipe' })
      server.end()
      const client = await connectRaw(await server.ready())
      const string = Buffer.alloc(3_000_000, 'a string of several pieces, ')
      await client.send(string)
      client.shutdown()
      expect((await client.untilEnd()).equals(string)).toBe(true)
    },
  )

  it('in the background of a script goes ahead at the end of input', async () => {
    const script = 'pynet echo-server 0 --host 127.0.0.1 --copies 1 & wait $!'
    const server = startShell(script)
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    expect((await client.untilEnd()).toString()).toBe('abc')
    client.shutdown()
    expect((await server.finished()).status).toBe(0)
  })

  it.each(['0.5', 'now'])('%s answers a client that never stops sending', async (value) => {
    const server = startPynet('echo-server', 0, ...local, '--go-ahead', value, '--copies', 2)
    const client = await connectRaw(await server.ready())
    // Less than the silence after which a string counts as whole.
    let sent = ''
    const talking = setInterval(() => {
      const letter = 'abcdefghijklmnopqrstuvwxyz'.charAt(sent.length % 26)
      sent += letter
      client.socket.write(letter)
    }, 20)
    onTestFinished(() => clearInterval(talking))
    const echo = (await client.untilEnd()).toString()
    const string = echo.slice(0, echo.length / 2)
    expect(string).not.toBe('')
    expect(echo).toBe(string.repeat(2))
    expect(sent.startsWith(string)).toBe(true)
    clearInterval(talking)
    client.shutdown()
    expect((await server.finished()).status).toBe(0)
  })

  it('waits for bytes that come after it was given', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 2, '--go-ahead', 'now')
    const client = await connectRaw(await server.ready())
    await server.waitFor('stdout', /client is at/)
    await client.send('later')
    expect((await client.untilEnd()).toString()).toBe('laterlater')
  })

  it.each(['', 'soon', '-1', '1e3', ' 1', '0x1', '.'])('%j is wrong usage', async (value) => {
    expectUsageError(await runPynet('echo-server', 0, `--go-ahead=${value}`), /go-ahead/)
  })
})

describe('--keep-open', () => {
  it.each(['-k', '--keep-open'])('%s serves one client after another', async (option) => {
    const server = startPynet('echo-server', 0, ...local, option, '--copies', 2, { stdin: 'pipe' })
    const port = await server.ready()
    let printed = ''
    for (const string of ['one', 'two', 'three']) {
      const client = await connectRaw(port)
      await client.send(string)
      printed += clientLine(client.localPort)
      await server.waitForExactly('stdout', printed)
      server.write('\n')
      expect((await client.untilEnd()).toString()).toBe(string.repeat(2))
      client.shutdown()
    }
    server.kill('SIGTERM')
    const ended = await server.finished()
    expect(ended.status).toBe(143)
    expect(ended.stdout).toBe(printed)
  })

  it('serves the next client when one cuts its connection, and says so in one line', async () => {
    const options = ['-k', '--go-ahead', 'now', '--copies', 100_000] as const
    const server = startPynet('echo-server', 0, ...local, ...options)
    const port = await server.ready()
    const failing = await connectRaw(port)
    await failing.send('x'.repeat(1000))
    await failing.waitForBytes(1)
    failing.reset()
    await server.waitFor('stderr', /^pynet: .*127\.0\.0\.1.*\n/m)
    const next = await connectRaw(port)
    await next.send('y')
    expect((await next.untilEnd()).length).toBe(100_000)
    const lines = withoutStatus(server.stderr.toString())
    expect(lines).toMatch(/^pynet: [^\n]+\n$/)
    expect(lines).toContain(String(failing.localPort))
  })

  it('left out: a client that cuts its connection is an error', async () => {
    const options = ['--go-ahead', 'now', '--copies', 100_000] as const
    const server = startPynet('echo-server', 0, ...local, ...options)
    const failing = await connectRaw(await server.ready())
    await failing.send('x'.repeat(1000))
    await failing.waitForBytes(1)
    failing.reset()
    expectFailure(await server.finished(), String(failing.localPort))
  })
})

describe('the port', () => {
  it('that is no plain decimal number up to 65535 is wrong usage', async () => {
    await expectBadPortsRefused('echo-server', 'PORT')
  })

  it('may have leading zeros: they are plain digits', async () => {
    const server = startPynet('echo-server', '000', ...local)
    expect(await server.ready()).toBeGreaterThan(0)
  })

  it('that another server holds is an error that names it', async () => {
    const first = startPynet('echo-server', 0, ...local)
    const port = await first.ready()
    const second = await runPynet('echo-server', port, ...local)
    expectFailure(second, String(port))
    expect(second.stdout).toBe('')
  })

  it('can be listened on again as soon as the server before has ended', async () => {
    const first = startPynet('echo-server', 0, ...local, '--copies', 1, '--go-ahead', 'now')
    const port = await first.ready()
    const client = await connectRaw(port)
    await client.send('abc')
    // The server ends its side first, so the connection lingers in TIME-WAIT on this port.
    await client.untilEnd()
    client.shutdown()
    await first.finished()
    const second = startPynet('echo-server', port, ...local, '--copies', 1, '--go-ahead', 'now')
    expect(await second.ready()).toBe(port)
  })

  it('left out, or followed by more, is wrong usage', async () => {
    expectUsageError(await runPynet('echo-server'), /port/)
    expectUsageError(await runPynet('echo-server', 0, 'more'), /more|argument/)
  })
})

describe('--host and --backlog', () => {
  it.runIf(hasIpv6('echo-server on one address'))(
    '--host 127.0.0.1 listens there and nowhere else',
    async () => {
      const server = startPynet('echo-server', 0, ...local)
      const port = await server.ready()
      await expect(connectRaw(port, '::1')).rejects.toThrow('ECONNREFUSED')
    },
  )

  it('an address that is not of this machine is an error that names it', async () => {
    const result = await runPynet('echo-server', 0, '--host', '192.0.2.1')
    expectFailure(result, /192\.0\.2\.1/)
  })

  it.each(['', '-1', '1.5', '1e3', '0x5', 'five'])('--backlog %j is wrong usage', async (value) => {
    expectUsageError(await runPynet('echo-server', 0, `--backlog=${value}`), /backlog/)
  })
})

describe('ends', () => {
  it.each(endingSignals)(
    'at %s while it waits for a client, with exit code %i',
    async (signal, code) => {
      const server = startPynet('echo-server', 0, ...local, { stdin: 'pipe' })
      await server.ready()
      server.kill(signal)
      const ended = await server.finished()
      expect(ended.status).toBe(code)
      expect(ended.stdout).toBe('')
      expect(ended.stderr).not.toMatch(/^\s+at /m)
    },
  )

  it.each(endingSignals)(
    'at %s while it waits for Enter, with exit code %i',
    async (signal, code) => {
      const server = startPynet('echo-server', 0, ...local, { stdin: 'pipe' })
      const client = await connectRaw(await server.ready())
      await client.send('abc')
      await server.waitFor('stdout', /client is at/)
      server.kill(signal)
      expect((await server.finished()).status).toBe(code)
    },
  )

  it('at SIGINT in the middle of the echo to a client that does not read', async () => {
    const options = ['--go-ahead', 'now', '--copies', 1_000_000] as const
    const server = startPynet('echo-server', 0, ...local, ...options)
    const client = await connectUnread(await server.ready())
    client.write('x'.repeat(1000))
    await server.waitFor('stdout', /client is at/)
    server.kill('SIGINT')
    expect((await server.finished()).status).toBe(130)
  })

  it.runIf(hasFile('/dev/full', 'echo-server with a full disk'))(
    'with an error when the disk under its stdout is full',
    async () => {
      const server = startShell('pynet echo-server 0 --host 127.0.0.1 > /dev/full')
      const client = await connectRaw(await server.ready())
      client.send('abc').catch(() => {})
      expectFailure(await server.finished(), /ENOSPC|no space/i)
    },
  )

  it('quietly when nobody reads its stdout any more', async () => {
    const script = '{ pynet echo-server 0 -k --host 127.0.0.1 --copies 1; } | head -n 1'
    const server = startShell(script)
    const port = await server.ready()
    const first = await connectRaw(port)
    await first.send('abc')
    await first.untilEnd()
    first.shutdown()
    // head has its line and is gone: the server finds out at one of its next lines.
    let ended = false
    server.exit.then(() => {
      ended = true
    })
    await waitUntil(async () => {
      if (!ended) await (await connectRaw(port).catch(() => undefined))?.send('x').catch(() => {})
      return ended
    }, 'the end of the server')
    const result = await server.finished()
    expect(result.stdout).toBe(clientLine(first.localPort))
    expect(withoutStatus(result.stderr)).toBe('')
  })
})
