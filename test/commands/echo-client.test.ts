// echo-client as a real process: what it sends, what it prints of any echo, how it fails.
import { once } from 'node:events'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readEchoTranscript } from '../support/echo-transcript.ts'
import { expectFailure } from '../support/expectations.ts'
import { peakMegabytes } from '../support/proc.ts'
import { type Finished, runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { silentPort } from '../support/sockets.ts'
import { waitUntil } from '../support/waiting.ts'
import { listenRaw, serveRaw, unusedPort } from '../support/wire.ts'

/** Runs the client beside a server that takes all of its string, answers, and ends. */
async function runBeside(
  answer: string | Uint8Array,
  string: string,
  ...options: (string | number | { input: string | Uint8Array })[]
): Promise<Finished> {
  const port = await serveRaw(async (client) => {
    await client.untilEnd()
    await client.send(answer)
    client.shutdown()
  })
  return runPynet('echo-client', '127.0.0.1', port, string, ...options)
}

/** Bytes in which a place can be told from its neighbours. */
function distinctBytes(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count)
  for (let i = 0; i < count; i++) bytes[i] = (i * 17 + (i >> 7)) & 0xff
  return bytes
}

describe('stdout', () => {
  it('shows a small echo as one chunk and the empty line of the end of data', async () => {
    const { stdout, stderr, status } = await runBeside('abc', 'abc')
    expect(stdout).toBe('abc\nreceived 3 bytes\n\n')
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })

  it('counts the read of the end of data among the first four', async () => {
    // Ten bytes a read: three chunks and the end of data, or four and the end.
    const chunk = 'aaaaaaaaaa\nreceived 10 bytes\n'
    const three = await runBeside('a'.repeat(30), 'a', '--recv-size', 10)
    expect(three.stdout).toBe(`${chunk.repeat(3)}\n`)
    const four = await runBeside('a'.repeat(40), 'a', '--recv-size', 10)
    expect(four.stdout).toBe(chunk.repeat(4))
  })

  it('shows four chunks of a long echo, and the size of every chunk', async () => {
    const { stdout } = await runBeside('0123456789'.repeat(10), 'x', '--recv-size', 16)
    const { total, sizes, printed } = readEchoTranscript(Buffer.from(stdout, 'latin1'))
    expect(total).toBe(100)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16)
    expect('0123456789'.repeat(10).startsWith(String(printed))).toBe(true)
  })

  it('has the bytes of the network undecoded', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0d, 0x0a])
    const { stdout } = await runBeside(bytes, 'x')
    expect(stdout).toBe(`${bytes.toString('latin1')}\nreceived 12 bytes\n\n`)
  })

  it('shows what came before a reset; then one line says how much that was', async () => {
    const { port, accept } = await listenRaw()
    const client = startPynet('echo-client', '127.0.0.1', port, 'abc')
    const peer = await accept()
    await peer.send('half an echo')
    await client.waitForExactly('stdout', 'half an echo\nreceived 12 bytes\n')
    peer.reset()
    const why = new RegExp(`lost the connection to 127\\.0\\.0\\.1:${port}: .*, after 12 bytes\\n`)
    expectFailure(await client.finished(), why)
  })
})

describe('the exit code', () => {
  const last = (part: number, of: number) =>
    new RegExp(
      `ended the connection too early: the last copy is cut, ${part} of its ${of} bytes came, after \\d+ bytes\\n`,
    )

  it('is 1 where the last copy is cut, and the line says by how much', async () => {
    const result = await runBeside('abcabca', 'abc')
    expectFailure(result, last(1, 3))
    expect(result.stdout).toBe('abcabca\nreceived 7 bytes\n\n')
    expectFailure(await runBeside('ab', 'abc'), last(2, 3))
    const input = distinctBytes(100_000)
    expectFailure(await runBeside(input.subarray(0, 99_999), '-', { input }), last(99_999, 100_000))
  })

  it('is 1 where nothing comes back', async () => {
    const result = await runBeside('', 'abc')
    expect(result.stdout).toBe('\n')
    expectFailure(result, /ended the connection too early: nothing came back, after 0 bytes\n/)
  })

  it('is 1 where the server ends before it has taken the whole string', async () => {
    const port = await serveRaw(async (client) => {
      client.socket.pause()
      await client.send('xx')
      client.shutdown()
    })
    const input = Buffer.alloc(12_000_000, 'xx')
    const result = await runPynet('echo-client', '127.0.0.1', port, '-', { input })
    expect(result.stdout).toBe('xx\nreceived 2 bytes\n\n')
    expectFailure(result, /too early: it had not taken the whole string, after 2 bytes\n/)
  })

  it('is 0 where the answer is no echo, or the string was empty', async () => {
    for (const [answer, string] of [
      ['HTTP/1.1 400 Bad Request\r\n', 'abc'],
      ['abdabcabca', 'abc'],
      ['', ''],
      ['a greeting', ''],
    ] as const) {
      const { status, stderr } = await runBeside(answer, string)
      expect({ status, stderr }, answer).toEqual({ status: 0, stderr: '' })
    }
  })
})

describe('the string', () => {
  it('goes out as UTF-8, and the end of data follows it', async () => {
    const { port, accept } = await listenRaw()
    const client = startPynet('echo-client', '127.0.0.1', port, 'é漢 and a space', {
      stdin: 'pipe',
    })
    const peer = await accept()
    expect(String(await peer.untilEnd())).toBe('é漢 and a space')
    await peer.send('late')
    peer.shutdown()
    // Its standard input, which it does not need, is still open: that keeps no program.
    expect((await client.finished()).stdout).toBe('late\nreceived 4 bytes\n\n')
  })

  it('of "-" is all of standard input, any bytes, to its end', async () => {
    const input = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const { stdout, status } = await runBeside(input, '-', { input })
    expect(stdout).toBe(`${input.toString('latin1')}\nreceived 256 bytes\n\n`)
    expect(status).toBe(0)
  })

  it('of "-" with a folder as input is an error, and with /dev/null it is empty', async () => {
    const port = await serveRaw((client) => client.untilEnd().then(client.shutdown))
    const script = (input: string) => `pynet echo-client 127.0.0.1 ${port} - < ${input}`
    const folder = await startShell(script('/')).finished()
    expectFailure(folder, 'cannot read standard input: is a directory')
    const nothing = await startShell(script('/dev/null')).finished()
    expect({ stdout: nothing.stdout, status: nothing.status }).toEqual({ stdout: '\n', status: 0 })
  })

  it.runIf(hasFile('/proc/self/status', 'memory of echo-client'))(
    'of "-" with 150 MB goes out in constant memory',
    async () => {
      const bytes = 150_000_000
      const folder = mkdtempSync(join(tmpdir(), 'pynet-string-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const file = join(folder, 'zeros')
      writeFileSync(file, '')
      truncateSync(file, bytes)
      let received = 0
      let peak = 0
      const port = await serveRaw(async ({ socket }) => {
        socket.removeAllListeners('data')
        // The client must not read ahead of a server that does not take what it sends.
        socket.pause()
        await delay(200)
        socket.on('data', (chunk) => {
          received += chunk.length
          // Near the end: it ends when it has sent all.
          if (received > 0.95 * bytes && peak === 0) peak = peakMegabytes(client.pid)
        })
        socket.resume()
        await once(socket, 'end')
        socket.end()
      })
      const words = `127.0.0.1 ${port} - < '${file}'`
      const client = startShell(`exec "$PYNET_NODE" "$PYNET_PROGRAM" echo-client ${words}`)
      expectFailure(await client.finished(), 'nothing came back')
      expect(received).toBe(bytes)
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(140)
    },
  )

  it('of "-" whose input fails is an error, also when the server has begun to answer', async () => {
    const [input, server] = [await listenRaw(), await listenRaw()]
    const words = `echo-client 127.0.0.1 ${server.port} - < /dev/tcp/127.0.0.1/${input.port}`
    const client = startShell(`exec bash -c 'exec "$PYNET_NODE" "$PYNET_PROGRAM" ${words}'`)
    const [typist, peer] = [await input.accept(), await server.accept()]
    await typist.send('abc')
    await peer.waitForBytes(3)
    await peer.send('a')
    await client.waitFor('stdout', /received 1 bytes/)
    typist.reset()
    const { stderr, status } = await client.finished()
    expect(stderr).toBe('pynet: cannot read standard input: read ECONNRESET\n')
    expect(status).toBe(1)
  })

  it('is sent and the echo is read at the same time, where the server answers early', async () => {
    // The server echoes each chunk as it comes and reads no further until the echo is taken.
    const input = distinctBytes(16_000_000)
    const port = await serveRaw(({ socket }) => {
      socket.removeAllListeners('data')
      socket.pipe(socket)
    })
    const client = startPynet('echo-client', '127.0.0.1', port, '-', { input })
    expect((await client.finished()).status).toBe(0)
    const { total, printed } = readEchoTranscript(client.stdout)
    expect(total).toBe(input.length)
    expect(printed.equals(input.subarray(0, printed.length))).toBe(true)
  })
})

describe('beside echo-server', () => {
  it('gets 150 MB back, every byte of it counted', async () => {
    const input = distinctBytes(1_500_000)
    const server = startPynet('echo-server', 0, '--go-ahead', 'now', '--copies', 100)
    const client = startPynet('echo-client', '127.0.0.1', await server.ready(), '-', { input })
    const [served, asked] = await Promise.all([server.finished(), client.finished()])
    expect([served.status, asked.status]).toEqual([0, 0])
    const { total, printed } = readEchoTranscript(client.stdout)
    expect(total).toBe(150_000_000)
    const expected = Buffer.concat([input, input, input])
    expect(printed.equals(expected.subarray(0, printed.length))).toBe(true)
  })
})

describe('connecting', () => {
  it('to a name says what was tried', async () => {
    const port = await unusedPort()
    const result = await runPynet('echo-client', 'localhost', port, 'abc')
    expectFailure(result, new RegExp(`localhost:${port}.*connection refused.*127\\.0\\.0\\.1`))
  })

  it('with --retry waits for a server that starts later', async () => {
    const { server, client } = await waitUntil(async () => {
      const port = await unusedPort()
      const early = startPynet('echo-client', '127.0.0.1', port, 'abc', '--retry', 20)
      const late = startPynet('echo-server', port, '--copies', 1, '--go-ahead', 'now')
      // Another program may have taken the port meanwhile: then both start again with another.
      const started = await late.ready().catch(() => undefined)
      return started === undefined ? undefined : { server: late, client: early }
    }, 'a server on a port that was free')
    const { stdout, stderr } = await client.finished()
    expect({ stdout, stderr }).toEqual({ stdout: 'abc\nreceived 3 bytes\n\n', stderr: '' })
    expect((await server.finished()).status).toBe(0)
  })

  it('with --retry gives up when its seconds are over', async () => {
    const begin = performance.now()
    const words = ['echo-client', '127.0.0.1', await unusedPort(), 'x', '--retry', '0.3'] as const
    expectFailure(await runPynet(...words), 'connection refused')
    expect(performance.now() - begin).toBeGreaterThan(290)
  })

  it.runIf(process.platform === 'linux')(
    'with --timeout gives up on a server that does not answer',
    async () => {
      const port = await silentPort()
      const result = await runPynet('echo-client', '127.0.0.1', port, 'abc', '--timeout', '0.3')
      expectFailure(result, `127.0.0.1:${port}: timed out`)
    },
  )
})
