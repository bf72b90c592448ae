// echo-server as a real process: when the string is whole, when it goes back, and who is served.
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectFailure, expectUsageError, withoutStatus } from '../support/expectations.ts'
import { peakMegabytes } from '../support/proc.ts'
import { type RunningProcess, runPynet, startPynet } from '../support/processes.ts'
import { hasFile, hasIpv6 } from '../support/requirements.ts'
import { connectRaw, connectUnread, type RawSocket } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const now = [...local, '--go-ahead', 'now'] as const
const clientLine = ({ localPort }: RawSocket) => `client is at ('127.0.0.1', ${localPort})\n`
/** The program alone takes 50 MB or so. */
const memoryLimitMegabytes = 140
const tooLate = (bytes: number) =>
  `pynet: ${bytes} bytes came after the string was whole, too late for the copies\n`

/** Starts echo-server with these options, and connects to it. */
async function serve(...options: (string | number)[]): Promise<[RunningProcess, RawSocket]> {
  const server = startPynet('echo-server', 0, ...options, { stdin: 'pipe' })
  return [server, await connectRaw(await server.ready())]
}

/** Sends a string with its end of data, and resolves with what comes back. */
async function echoOf(client: RawSocket, string: string | Uint8Array): Promise<Buffer> {
  await client.send(string)
  client.shutdown()
  return client.untilEnd()
}

describe('the string', () => {
  it('is whole at the end of data, in whatever pieces it came', async () => {
    const [server, client] = await serve(...now, '--copies', 3)
    for (const letter of 'pieces') {
      await client.send(letter)
      await delay(20)
    }
    // Nothing has come back, however early the go-ahead was.
    expect(client.received).toHaveLength(0)
    client.shutdown()
    expect(String(await client.untilEnd())).toBe('pieces'.repeat(3))
    const { status, stdout, stderr } = await server.finished()
    expect({ status, stdout }).toEqual({ status: 0, stdout: clientLine(client) })
    expect(withoutStatus(stderr)).toBe('')
  })

  it('is whole a second after its last bytes, where no end of data comes', async () => {
    const [server, client] = await serve(...now, '--copies', 2)
    // A client that has sent nothing is waited for; a path of 120 ms cuts no string.
    await client.expectSilence(1200)
    for (const piece of ['a long', ' string', ' in', ' pieces']) {
      await client.send(piece)
      await delay(120)
    }
    await client.expectSilence(600)
    expect(String(await client.untilEnd())).toBe('a long string in pieces'.repeat(2))
    // The client's own end, behind the server's: nothing was late.
    client.shutdown()
    expect(withoutStatus((await server.finished()).stderr)).toBe('')
  })

  it('has no bytes that come after it was whole: their number is told on stderr', async () => {
    const [server, client] = await serve(...now, '--copies', 2)
    await client.send('abc')
    expect(String(await client.untilEnd())).toBe('abcabc')
    await client.send('defgh')
    client.shutdown()
    const { status, stderr } = await server.finished()
    expect(withoutStatus(stderr)).toBe(tooLate(5))
    expect(status).toBe(0)
  })

  it('may be empty: nothing goes back', async () => {
    const [server, client] = await serve(...now)
    expect(await echoOf(client, '')).toHaveLength(0)
    expect((await server.finished()).status).toBe(0)
  })

  it('of 3 MB comes back whole, though the go-ahead was there first', async () => {
    const string = Buffer.alloc(3_000_000, 'a string of several pieces, ')
    await Promise.all(
      ['enter', '0', 'now'].map(async (value) => {
        const [server, client] = await serve(...local, '--copies', 1, '--go-ahead', value)
        server.write('\n')
        expect((await echoOf(client, string)).equals(string)).toBe(true)
      }),
    )
  })

  it('of 1.5 MB goes back 100 times, byte for byte, in constant memory', async () => {
    const string = Buffer.alloc(1_500_000)
    for (let i = 0; i < string.length; i++) string[i] = (i * 31 + (i >> 8) * 7) & 0xff
    const twice = Buffer.concat([string, string])
    const server = startPynet('echo-server', 0, ...now, '--copies', 100)
    const client = await connectUnread(await server.ready())
    client.end(string)
    let total = 0
    let peak = 0
    for await (const chunk of client) {
      const from = total % string.length
      const expected = twice.subarray(from, from + chunk.length)
      if (!expected.equals(chunk)) throw new Error(`wrong bytes in the chunk at ${total}`)
      total += chunk.length
      // Once is enough, near the end, while the program is still there.
      if (total > 140_000_000 && peak === 0) peak = peakMegabytes(server.pid)
    }
    expect(total).toBe(150_000_000)
    expect((await server.finished()).status).toBe(0)
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThan(memoryLimitMegabytes)
  })
})

describe('--max-bytes', () => {
  it('is the longest string: a client that sends more is dropped, and that is an error', async () => {
    const [server, client] = await serve(...now, '--copies', 1, '--max-bytes', 20)
    // It never stops: neither an end of data nor a silence makes its string whole.
    const talking = setInterval(() => client.socket.write('x'), 10)
    onTestFinished(() => clearInterval(talking))
    await client.untilEnd().catch(() => {})
    expect(client.received).toHaveLength(0)
    client.reset()
    const dropped = `:${client.localPort} is dropped: it sent over 20 bytes (--max-bytes)\n`
    expectFailure(await server.finished(), dropped)
  })

  it('with -k is told once, and the next client is served', async () => {
    const [server, client] = await serve(...now, '-k', '--copies', 1, '--max-bytes', 20)
    const port = await server.ready()
    expect(await echoOf(client, 'x'.repeat(21))).toHaveLength(0)
    expect(await echoOf(await connectRaw(port), 'x'.repeat(1000))).toHaveLength(0)
    expect(String(await echoOf(await connectRaw(port), 'y'.repeat(20)))).toBe('y'.repeat(20))
    expect(withoutStatus(String(server.stderr)).match(/is dropped: .*\n/g)).toHaveLength(1)
  })
})

describe('--go-ahead', () => {
  it('enter waits for the key, which may be typed early; the end of input counts, too', async () => {
    const server = startPynet('echo-server', 0, ...local, '-k', { stdin: 'pipe' })
    server.write('\n')
    const port = await server.ready()
    const early = await connectRaw(port)
    expect(String(await echoOf(early, 'abc'))).toBe('abc'.repeat(10_000))

    const waiting = await connectRaw(port)
    await waiting.send('de')
    waiting.shutdown()
    await server.waitForExactly('stdout', clientLine(early) + clientLine(waiting))
    // A line that is not complete is no Enter.
    server.write('not yet')
    await waiting.expectSilence(200)
    server.write('\n')
    expect(String(await waiting.untilEnd())).toBe('de'.repeat(10_000))

    server.end()
    expect(await echoOf(await connectRaw(port), 'f')).toHaveLength(10_000)
  })

  it('enter is not given by a signal: nothing goes back', async () => {
    const [server, client] = await serve(...local, '--trace')
    await client.send('abc')
    client.shutdown()
    await server.waitFor('stderr', /keyboard … blocked/)
    server.kill('SIGINT')
    expect(await client.untilEnd()).toHaveLength(0)
    expect((await server.finished()).status).toBe(130)
  })

  it('of 0.3 is that many seconds after the whole string', async () => {
    const [, client] = await serve(...local, '--go-ahead', '0.3', '--copies', '007')
    await client.send('ab')
    await delay(200)
    const begin = performance.now()
    expect(String(await echoOf(client, 'c'))).toBe('abc'.repeat(7))
    expect(performance.now() - begin).toBeGreaterThan(290)
  })

  it('needs no keyboard where it is not enter: a signal alone ends the wait', async () => {
    const [server, client] = await serve(...local, '--go-ahead', '600', '--copies', 1)
    await client.send('abc')
    client.shutdown()
    server.end()
    await client.expectSilence(200)
    server.kill('SIGTERM')
    expect(await client.untilEnd()).toHaveLength(0)
    expect((await server.finished()).status).toBe(143)
  })
})

describe('--copies', () => {
  it('0 is wrong usage', async () => {
    const wrong = /'--copies <n>' argument '0' is invalid\. It must be a whole number of at least 1/
    expectUsageError(await runPynet('echo-server', 0, '--copies', 0), wrong)
  })
})

describe('--keep-open', () => {
  it('serves the next client when one is lost, silently but for --verbose', async () => {
    const options = [...now, '--copies', 100_000] as const
    const [[quiet, first], [verbose, second]] = await Promise.all([
      serve(...options, '-k'),
      serve(...options, '--keep-open', '--verbose'),
    ])
    for (const lost of [first, second]) {
      await lost.send('x'.repeat(1000))
      lost.shutdown()
      await lost.waitForBytes(1)
      lost.reset()
    }
    for (const server of [quiet, verbose]) {
      const next = await connectRaw(await server.ready())
      expect(await echoOf(next, 'y')).toHaveLength(100_000)
    }
    expect(withoutStatus(String(quiet.stderr))).toBe('')
    await verbose.waitFor('stderr', / has left\n/)
    const lines = withoutStatus(String(verbose.stderr)).split('\n')
    expect(lines[0]).toMatch(new RegExp(`^pynet: lost the connection .*:${second.localPort}\\b`))
    expect(lines[1]).toMatch(/^pynet: 127\.0\.0\.1:\d+ has left$/)
  })

  it('left out: a client that is lost is an error', async () => {
    const [server, client] = await serve(...now, '--copies', 100_000)
    await client.send('x'.repeat(1000))
    client.shutdown()
    await client.waitForBytes(1)
    client.reset()
    expectFailure(await server.finished(), `:${client.localPort}`)
  })
})

describe('the address', () => {
  it('of a client is shown as IPv4 where it came by that, to all interfaces', async () => {
    const [server, client] = await serve('-k', '--go-ahead', 'now')
    await server.waitForExactly('stdout', clientLine(client))
    client.shutdown()
    if (!hasIpv6('echo-server over IPv6')) return
    const other = await connectRaw(await server.ready(), '::1')
    const line = `client is at ('::1', ${other.localPort})\n`
    await server.waitForExactly('stdout', clientLine(client) + line)
  })

  it('of --host is the only one that is listened on', async () => {
    const server = startPynet('echo-server', '000', ...local)
    const port = await server.ready()
    await expect(connectRaw(port, '127.0.0.2')).rejects.toThrow('ECONNREFUSED')
  })

  it('of --host that is not of this machine is an error that says so', async () => {
    const why = /192\.0\.2\.1.*address not available.*\(it must be an address of this machine\)/
    expectFailure(await runPynet('echo-server', 0, '--host', '192.0.2.1'), why)
  })

  it('can be listened on again as soon as the server before has ended', async () => {
    const [first, client] = await serve(...now, '--copies', 1)
    const port = await first.ready()
    // The server ends its side first, so the connection lingers in TIME-WAIT on this port.
    await client.send('abc')
    await client.untilEnd()
    client.shutdown()
    await first.finished()
    expect(await startPynet('echo-server', port, ...now).ready()).toBe(port)
  })
})

describe.runIf(hasFile('/proc/self/status', 'memory of echo-server'))('a client', () => {
  it('that never reads its gigabyte costs no memory', async () => {
    const server = startPynet('echo-server', 0, ...now)
    const client = await connectUnread(await server.ready())
    client.end(Buffer.alloc(100_000, 'y'))
    await new Promise((resolve) => client.once('readable', resolve))
    await delay(300)
    expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)
  })

  it('that takes nothing for --idle-timeout is given up, and with -k the next is served', async () => {
    const options = [...now, '-k', '--verbose', '--copies', 100_000, '--idle-timeout', '0.2']
    const server = startPynet('echo-server', 0, ...options)
    const port = await server.ready()
    const silent = await connectRaw(port)
    const stuck = await connectUnread(port)
    stuck.end(Buffer.alloc(1000, 'y'))
    const next = await connectRaw(port)
    expect(await echoOf(next, 'z')).toHaveLength(100_000)
    await server.waitFor('stderr', new RegExp(`:${silent.localPort}\\b[^\\n]* 0\\.2 s`))
    await server.waitFor('stderr', new RegExp(`:${stuck.localPort}\\b[^\\n]* 0\\.2 s`))
  })
})
