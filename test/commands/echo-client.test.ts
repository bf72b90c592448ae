// echo-client as a real process: what it sends, what it prints of any echo, how it fails.
import { describe, expect, it } from 'vitest'
import { readEchoTranscript } from '../support/echo-transcript.ts'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectFullDisk,
  expectRefused,
  expectUsageError,
} from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectUnread, serveRaw, unusedPort } from '../support/wire.ts'

/** A server that gives these bytes to every client and ends, whatever it is sent. */
function serveBytes(bytes: string | Uint8Array): Promise<number> {
  return serveRaw(async (client) => {
    await client.send(bytes)
    client.shutdown()
  })
}

describe('stdout', () => {
  it('shows a small echo as one chunk and the empty line of the end of data', async () => {
    const port = await serveBytes('abc')
    const result = await runPynet('echo-client', '127.0.0.1', port, 'abc')
    expect(result.stdout).toBe('abc\nreceived 3 bytes\n\n')
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })

  it('is an empty line when the server ends without an echo, which is an error', async () => {
    const port = await serveBytes('')
    const result = await runPynet('echo-client', '127.0.0.1', port, 'abc')
    expect(result.stdout).toBe('\n')
    expectFailure(result, /without an answer, after 0 bytes/)
  })

  it('shows four chunks of a long echo, the size of every chunk, and no empty line', async () => {
    const port = await serveBytes('0123456789'.repeat(10))
    const args = ['echo-client', '127.0.0.1', port, 'x', '--recv-size', 16] as const
    const { stdout } = await runPynet(...args)
    const transcript = readEchoTranscript(Buffer.from(stdout, 'latin1'))
    expect(transcript.total).toBe(100)
    expect(transcript.sizes.every((size) => size <= 16)).toBe(true)
    expect(transcript.printed.toString()).toBe(
      '0123456789'.repeat(10).slice(0, transcript.printed.length),
    )
  })

  it('counts the read of the end of data among the first four', async () => {
    // Ten bytes a read: three chunks and the end of data, or four and the end.
    const three = await runPynet(
      'echo-client',
      '127.0.0.1',
      await serveBytes('a'.repeat(30)),
      'x',
      '--recv-size',
      10,
    )
    expect(three.stdout).toBe(`${`${'a'.repeat(10)}\nreceived 10 bytes\n`.repeat(3)}\n`)
    const four = await runPynet(
      'echo-client',
      '127.0.0.1',
      await serveBytes('a'.repeat(40)),
      'x',
      '--recv-size',
      10,
    )
    expect(four.stdout).toBe(`${'a'.repeat(10)}\nreceived 10 bytes\n`.repeat(4))
  })

  it('has the bytes of the network undecoded', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0d, 0x0a])
    const { stdout } = await runPynet('echo-client', '127.0.0.1', await serveBytes(bytes), 'x')
    expect(stdout).toBe(`${bytes.toString('latin1')}\nreceived 12 bytes\n\n`)
  })

  it('shows what came before the connection was cut, then one line says so', async () => {
    let cut = () => {}
    const port = await serveRaw(async (client) => {
      await client.waitForBytes(3)
      await client.send('half an echo')
      cut = client.reset
    })
    const client = startPynet('echo-client', '127.0.0.1', port, 'abc')
    await client.waitForExactly('stdout', 'half an echo\nreceived 12 bytes\n')
    cut()
    const result = await client.finished()
    expect(result.stdout).toMatch(/^half an echo\nreceived 12 bytes\n\n?$/)
    expectFailure(result, String(port))
  })
})

describe('the string', () => {
  it('goes out as UTF-8, and no end of data follows it: the original sends none', async () => {
    let received = ''
    let ended = false
    const port = await serveRaw(async (client) => {
      client.socket.once('end', () => {
        ended = true
      })
      received = (await client.waitForBytes(17)).toString()
      await client.send('late')
      expect(ended).toBe(false)
      client.shutdown()
    })
    const result = await runPynet('echo-client', '127.0.0.1', port, 'é漢 and a space')
    expect(received).toBe('é漢 and a space')
    expect(result.stdout).toBe('late\nreceived 4 bytes\n\n')
  })

  it('of "-" is followed by the end of data', async () => {
    let received = ''
    const port = await serveRaw(async (client) => {
      received = (await client.untilEnd()).toString()
      await client.send('late')
      client.shutdown()
    })
    const client = startPynet('echo-client', '127.0.0.1', port, '-', { input: 'all of it' })
    await client.finished()
    expect(received).toBe('all of it')
    expect(client.stdout.toString()).toBe('late\nreceived 4 bytes\n\n')
  })

  it('may be empty', async () => {
    const server = startPynet('echo-server', 0, '--go-ahead', 'now')
    const result = await runPynet('echo-client', '127.0.0.1', await server.ready(), '')
    expect(result.stdout).toBe('\n')
    expect(result.status).toBe(0)
    expect((await server.finished()).status).toBe(0)
  })

  it('of "-" is all of standard input, any bytes', async () => {
    const input = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const server = startPynet('echo-server', 0, '--go-ahead', 'now', '--copies', 1)
    const client = startPynet('echo-client', '127.0.0.1', await server.ready(), '-', { input })
    await client.finished()
    expect(readEchoTranscript(client.stdout).printed.equals(input)).toBe(true)
  })

  it.each([
    ['/dev/null', '< /dev/null'],
    ['closed', '<&-'],
  ])('of "-" with %s as input is empty', async (_, redirection) => {
    const server = startPynet('echo-server', 0, '--go-ahead', 'now')
    const script = `pynet echo-client 127.0.0.1 ${await server.ready()} - ${redirection}`
    const result = await startShell(script).finished()
    expect(result.stdout).toBe('\n')
    expect(result.status).toBe(0)
  })

  it('of "-" with a folder as input is an error', async () => {
    const script = `pynet echo-client 127.0.0.1 ${await serveBytes('abc')} - < /`
    const result = await startShell(script).finished()
    expectFailure(result, /standard input.*directory/)
    expect(result.stdout).toBe('')
  })

  it('that the server does not take whole before it ends is an error', async () => {
    const port = await serveRaw(async (client) => {
      client.socket.pause()
      await client.send('hi')
      client.shutdown()
    })
    const input = Buffer.alloc(30_000_000, 'more than the kernel holds ')
    const result = await runPynet('echo-client', '127.0.0.1', port, '-', { input })
    expect(result.stdout).toBe('hi\nreceived 2 bytes\n\n')
    expectFailure(result, String(port))
  })

  it('of 1.5 MB by "-" comes back 1000 times, every byte of it counted', async () => {
    const input = Buffer.alloc(1_500_000)
    for (let i = 0; i < input.length; i++) input[i] = (i * 17 + (i >> 7)) & 0xff
    // Not "now": on a busy machine a long string can come with a silence in the middle.
    const server = startPynet('echo-server', 0, '--go-ahead', '3', '--copies', 1000)
    const client = startPynet('echo-client', '127.0.0.1', await server.ready(), '-', { input })
    const [served, asked] = await Promise.all([server.finished(), client.finished()])
    expect([served.status, asked.status]).toEqual([0, 0])
    const transcript = readEchoTranscript(client.stdout)
    expect(transcript.total).toBe(1_500_000_000)
    const { printed } = transcript
    const expected = Buffer.concat([input, input, input])
    expect(printed.equals(expected.subarray(0, printed.length))).toBe(true)
  }, 60_000)

  it('does not wait for a standard input that stays open when it is given in words', async () => {
    const port = await serveBytes('abc')
    const client = startPynet('echo-client', '127.0.0.1', port, 'abc', { stdin: 'pipe' })
    expect((await client.finished()).status).toBe(0)
  })

  it('is sent and the echo is read at the same time: neither side can block the other', async () => {
    // The server echoes each chunk as it comes and reads no further until the echo is taken.
    const input = Buffer.alloc(20_000_000, 'deadlock ')
    const port = await serveRaw(({ socket }) => {
      socket.removeAllListeners('data')
      socket.pipe(socket)
    })
    const client = startPynet('echo-client', '127.0.0.1', port, '-', { input })
    expect((await client.finished()).status).toBe(0)
    expect(readEchoTranscript(client.stdout).total).toBe(input.length)
  })
})

describe('--recv-size', () => {
  it('is the most that one chunk holds', async () => {
    const port = await serveBytes('abcdefgh')
    const result = await runPynet('echo-client', '127.0.0.1', port, 'x', '--recv-size', 1)
    const chunk = (letter: string) => `${letter}\nreceived 1 bytes\n`
    expect(result.stdout).toBe(
      `${[...'abcd'].map(chunk).join('')}${'received 1 bytes\n'.repeat(4)}`,
    )
  })

  it.each(['', '0', '-1', '1.5', '1e3', '0x10', ' 5'])('%j is wrong usage', async (size) => {
    const result = await runPynet('echo-client', '127.0.0.1', 1, 'x', `--recv-size=${size}`)
    expectUsageError(result, /recv-size/)
  })
})

describe('connecting', () => {
  it('to a port where nobody listens is one line that names host and port', async () => {
    await expectRefused((port) => ['echo-client', '127.0.0.1', String(port), 'abc'])
  })

  it('to a name names every address that was tried', async () => {
    const port = await unusedPort()
    const result = await runPynet('echo-client', 'localhost', port, 'abc')
    expectFailure(result, /localhost|127\.0\.0\.1/)
    expect(result.stderr).toContain(String(port))
  })

  it('with --retry waits for a server that starts later', async () => {
    const { server, client } = await waitUntil(async () => {
      const port = await unusedPort()
      const early = startPynet('echo-client', '127.0.0.1', port, 'abc', '--retry', 20)
      const late = startPynet('echo-server', port, '--copies', 1, '--go-ahead', 'now')
      // Somebody else may have taken the port meanwhile: then both start again with another.
      const started = await late.ready().catch(() => undefined)
      return started === undefined ? undefined : { server: late, client: early }
    }, 'a server on a port that was free')
    const result = await client.finished()
    expect(result.stdout).toBe('abc\nreceived 3 bytes\n\n')
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
    expect((await server.finished()).status).toBe(0)
  })

  it('with --retry gives up when its seconds are over', async () => {
    const begin = performance.now()
    await expectRefused((port) => ['echo-client', '127.0.0.1', String(port), 'x', '--retry', '0.5'])
    expect(performance.now() - begin).toBeGreaterThan(490)
  })

  it('with --timeout gives up on a server that does not answer', async () => {
    // A stopped server accepts nothing: with a backlog of 1 its queue is full after two clients.
    const server = startPynet('echo-server', 0, '--host', '127.0.0.1', '--backlog', 1)
    const port = await server.ready()
    server.kill('SIGSTOP')
    await connectUnread(port)
    await connectUnread(port)
    const result = await runPynet('echo-client', '127.0.0.1', port, 'abc', '--timeout', '0.5')
    expectFailure(result, /127\.0\.0\.1/)
    expect(result.stderr).toContain(String(port))
    expect(result.stderr).toMatch(/ETIMEDOUT|timed out|timeout/i)
  })

  it.each(['timeout', 'retry'])('--%s takes plain decimals only', async (option) => {
    for (const value of ['', '-1', '1e3', '0x5', ' 5', '5s', '.']) {
      const result = await runPynet('echo-client', '127.0.0.1', 1, 'x', `--${option}=${value}`)
      expectUsageError(result, option)
    }
  })
})

describe('wrong usage', () => {
  it('is a port that is no plain decimal number up to 65535', async () => {
    await expectBadPortsRefused('echo-client', '127.0.0.1', 'PORT', 'abc')
  })

  it('is an argument left out, one too many, or an unknown option', async () => {
    expectUsageError(await runPynet('echo-client'), /host/)
    expectUsageError(await runPynet('echo-client', '127.0.0.1'), /port/)
    expectUsageError(await runPynet('echo-client', '127.0.0.1', 1), /string/)
    expectUsageError(await runPynet('echo-client', '127.0.0.1', 1, 'abc', 'more'), /more|argument/)
    expectUsageError(await runPynet('echo-client', '127.0.0.1', 1, 'abc', '--size'), /--size/)
  })
})

describe('ends', () => {
  it.each(endingSignals)(
    'at %s while it waits for the echo, with exit code %i',
    async (signal, code) => {
      let asked = false
      const port = await serveRaw(async (client) => {
        await client.waitForBytes(3)
        asked = true
      })
      const client = startPynet('echo-client', '127.0.0.1', port, 'abc')
      await waitUntil(() => asked, 'the string to arrive')
      client.kill(signal)
      const ended = await client.finished()
      expect(ended.status).toBe(code)
      expect(ended.stdout).toBe('')
      expect(ended.stderr).not.toMatch(/^\s+at /m)
    },
  )

  it.each(endingSignals)(
    'at %s while it tries again to connect, with exit code %i',
    async (signal, code) => {
      const port = await unusedPort()
      const client = startPynet('echo-client', '127.0.0.1', port, 'abc', '--retry', 60)
      client.kill(signal)
      expect((await client.finished()).status).toBe(code)
    },
  )

  it('quietly when nobody reads its stdout any more', async () => {
    const server = startPynet('echo-server', 0, '--go-ahead', 'now', '--copies', 1_000_000)
    const port = await server.ready()
    const script = `{ pynet echo-client 127.0.0.1 ${port} 0123456789 --recv-size 1000; echo $? >&2; } | head -n 1`
    const result = await startShell(script).finished()
    // The first line is a whole chunk: up to a thousand digits.
    expect(result.stdout).toMatch(/^[0-9]+\n$/)
    expect(result.stderr).toMatch(/^(0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', 'echo-client with a full disk'))(
    'with an error when the disk under its stdout is full',
    async () => {
      const port = await serveBytes('abc')
      await expectFullDisk(`pynet echo-client 127.0.0.1 ${port} abc > /dev/full`)
    },
  )
})
