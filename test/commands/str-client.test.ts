// str-client as a real process: the dialogue letter by letter, its ends, its errors.
import { describe, expect, it } from 'vitest'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectFullDisk,
  expectRefused,
  expectUsageError,
} from '../support/expectations.ts'
import { type RunningProcess, runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { type RawSocket, serveRaw } from '../support/wire.ts'

const prompt = 'enter a letter:'

async function startServer(clients: number): Promise<{ server: RunningProcess; port: number }> {
  const server = startPynet('str-server', 0, '--host', '127.0.0.1', '--clients', clients)
  return { server, port: await server.ready() }
}

describe('the dialogue', () => {
  it('is a prompt without a newline, a reply as a line, the next prompt, until an empty line', async () => {
    const { server, port } = await startServer(1)
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    await client.waitForExactly('stdout', prompt)
    client.write('a\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    client.write('b\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}ab\n${prompt}`)
    client.write('\n')
    // The pipe to its input is still open: that keeps no program.
    const ended = await client.finished()
    expect(ended.stdout).toBe(`${prompt}a\n${prompt}ab\n${prompt}`)
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is ab\n')
  })

  it('with a line of three letters has three replies, a line each, before the next prompt', async () => {
    const { server, port } = await startServer(1)
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'abc\n\n' })
    expect(result.stdout).toBe(`${prompt}a\nab\nabc\n${prompt}`)
    expect(result.status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is abc\n')
  })

  it('sends each letter on its own, after the reply to the one before', async () => {
    const arrived: string[] = []
    const port = await serveRaw(({ socket }) => {
      let value = ''
      socket.on('data', (data) => {
        arrived.push(data.toString())
        value += data.toString()
        socket.write(value)
      })
      socket.on('end', () => socket.end())
    })
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'xyz\n\n' })
    expect(arrived).toEqual(['x', 'y', 'z'])
    expect(result.stdout).toBe(`${prompt}x\nxy\nxyz\n${prompt}`)
  })

  it('takes a reply for complete only when it is longer than the one before', async () => {
    const port = await serveRaw(async (client) => {
      await client.waitForBytes(1)
      await client.send('ab')
      await client.waitForBytes(2)
      // The reply is "abb": its first piece ends with the letter just sent, but is no longer.
      await client.send('ab')
      await client.expectSilence(100)
      await client.send('b')
      await client.untilEnd()
      client.shutdown()
    })
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'b\nb\n\n' })
    expect(result.stdout).toBe(`${prompt}ab\n${prompt}abb\n${prompt}`)
    expect(result.status).toBe(0)
  })

  it('takes a reply for complete only when it ends with the letter just sent', async () => {
    const port = await serveRaw(async (client) => {
      await client.waitForBytes(1)
      // Another client's letters came before this one's.
      await client.send('xyz')
      await client.expectSilence(100)
      await client.send('a')
      await client.untilEnd()
      client.shutdown()
    })
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'a\n\n' })
    expect(result.stdout).toBe(`${prompt}xyza\n${prompt}`)
    expect(result.status).toBe(0)
  })

  it('has replies of more than 1,024 bytes whole', async () => {
    const { port } = await startServer(1)
    const letters = 'abcdefghij'.repeat(150)
    const result = await runPynet('str-client', '127.0.0.1', port, { input: `${letters}\n\n` })
    const replies = Array.from(letters, (_, i) => `${letters.slice(0, i + 1)}\n`)
    expect(result.stdout).toBe(`${prompt}${replies.join('')}${prompt}`)
  })

  it('sends a character of several bytes byte by byte', async () => {
    const { server, port } = await startServer(1)
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'é\n\n' })
    expect(result.stdout).toBe(`${prompt}\xc3\n\xc3\xa9\n${prompt}`)
    expect((await server.finished()).stdout).toBe('the final value of v is \xc3\xa9\n')
  })

  it('of two clients sees the letters of the other', async () => {
    const { port } = await startServer(2)
    const first = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    const second = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    first.write('a\n')
    await first.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    second.write('b\n')
    await second.waitForExactly('stdout', `${prompt}ab\n${prompt}`)
    first.write('c\n')
    await first.waitForExactly('stdout', `${prompt}a\n${prompt}abc\n${prompt}`)
  })
})

describe('the end', () => {
  it.each([
    ['a last line with its newline', 'a\n'],
    ['a last line without one', 'a'],
  ])('of input after %s ends like Enter', async (_, input) => {
    const { server, port } = await startServer(1)
    const result = await runPynet('str-client', '127.0.0.1', port, { input })
    expect(result.stdout).toBe(`${prompt}a\n${prompt}`)
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is a\n')
  })

  it.each([
    ['/dev/null', '< /dev/null'],
    ['closed', '<&-'],
  ])('comes at once with %s as input', async (_, redirection) => {
    const { server, port } = await startServer(1)
    const script = `pynet str-client 127.0.0.1 ${port} ${redirection}`
    const result = await startShell(script).finished()
    expect(result.stdout).toBe(prompt)
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
    expect((await server.finished()).stdout).toBe('the final value of v is \n')
  })

  it('of the server first is one line, even while the input stays open', async () => {
    const { server, port } = await startServer(1)
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    client.write('a\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    server.kill('SIGTERM')
    await server.finished()
    client.write('b\n')
    const result = await client.finished()
    expectFailure(result, String(port))
    expect(result.stdout).toMatch(/^enter a letter:a\nenter a letter:\n?$/)
  })

  it('of the server before any reply is an error that says so', async () => {
    const port = await serveRaw(async (client) => {
      await client.waitForBytes(1)
      client.shutdown()
    })
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'a\n' })
    expect(result.stdout).toBe(prompt)
    expectFailure(result, `:${port} ended the connection without a reply, after 0 bytes\n`)
  })

  /** A server that answers b with ab, and then a second b with too little: ab once more and xyz. */
  function serveHalfAReply(thenDo: (client: RawSocket) => void | Promise<void>): Promise<number> {
    return serveRaw(async (client) => {
      await client.waitForBytes(1)
      await client.send('ab')
      await client.waitForBytes(2)
      await client.send('abxyz')
      await thenDo(client)
    })
  }

  it('of the server in the middle of a reply is an error, behind what came of it', async () => {
    const port = await serveHalfAReply((client) => client.shutdown())
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'b\nb\n' })
    expect(result.stdout).toBe(`${prompt}ab\n${prompt}abxyz`)
    const message = `:${port} ended the connection in the middle of a reply, after 7 bytes\n`
    expectFailure(result, message)
  })

  it('of the connection in the middle of a reply is an error, behind what came of it', async () => {
    const port = await serveHalfAReply(async (client) => {
      await client.expectSilence(200)
      client.reset()
    })
    const result = await runPynet('str-client', '127.0.0.1', port, { input: 'b\nb\n' })
    expect(result.stdout).toBe(`${prompt}ab\n${prompt}abxyz`)
    expectFailure(result, /lost the connection to .*, after 7 bytes\n/)
  })

  it('of the patience in the middle of a reply is an error, behind what came of it', async () => {
    const port = await serveHalfAReply(() => {})
    const options = ['--idle-timeout', '0.5']
    const script = `pynet str-client 127.0.0.1 ${port} ${options.join(' ')} 2>&1`
    const result = await startShell(script, { input: 'b\nb\n' }).finished()
    // Both outputs in one file: what came stands before the line that says why it is not more.
    expect(result.stdout).toMatch(
      /^enter a letter:ab\nenter a letter:abxyzpynet: [^\n]* has sent nothing for 0\.5 s, after 7 bytes\n$/,
    )
    expect(result.status).toBe(1)
  })

  it('at a signal in the middle of a reply shows what came of it', async () => {
    const port = await serveHalfAReply(() => {})
    const client = startPynet('str-client', '127.0.0.1', port, '--trace', { input: 'b\nb\n' })
    await client.waitFor('stderr', /recv 5 bytes "abxyz"/)
    client.kill('SIGINT')
    const ended = await client.finished()
    expect(ended.stdout).toBe(`${prompt}ab\n${prompt}abxyz`)
    expect(ended.status).toBe(130)
  })

  it.each(endingSignals)('comes at %s, with exit code %i', async (signal, code) => {
    const { server, port } = await startServer(1)
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    client.write('a\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    client.kill(signal)
    const ended = await client.finished()
    expect(ended.status).toBe(code)
    expect(ended.stderr).not.toMatch(/^\s+at /m)
    expect((await server.finished()).stdout).toBe('the final value of v is a\n')
  })

  it('comes quietly when nobody reads its stdout any more', async () => {
    const { port } = await startServer(1)
    const script = `{ pynet str-client 127.0.0.1 ${port}; echo status $? >&2; } | head -n 1`
    const client = startShell(script, { input: `${'abc\n'.repeat(300)}` })
    const result = await client.finished()
    expect(result.stdout).toBe(`${prompt}a\n`)
    expect(result.stderr).toMatch(/^status (0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', 'str-client with a full disk'))(
    'comes with an error when the disk under its stdout is full',
    async () => {
      const { port } = await startServer(1)
      await expectFullDisk(`pynet str-client 127.0.0.1 ${port} > /dev/full`, { input: 'a\n\n' })
    },
  )
})

describe('connecting', () => {
  it('to a port where nobody listens is one line that names host and port', async () => {
    await expectRefused((port) => ['str-client', '127.0.0.1', String(port)], { input: 'a\n' })
  })

  it('with --retry gives up when its seconds are over', async () => {
    const begin = performance.now()
    await expectRefused((port) => ['str-client', '127.0.0.1', String(port), '--retry', '0.3'])
    expect(performance.now() - begin).toBeGreaterThan(290)
  })

  it('works before the server has accepted: the prompt is there', async () => {
    const { port } = await startServer(2)
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    await client.waitForExactly('stdout', prompt)
    client.write('\n')
    expect((await client.finished()).status).toBe(0)
  })
})

describe('wrong usage', () => {
  it('is a port that is no plain decimal number up to 65535', async () => {
    await expectBadPortsRefused('str-client', '127.0.0.1', 'PORT')
  })

  it('is an argument left out, or one too many', async () => {
    expectUsageError(await runPynet('str-client'), /host/)
    expectUsageError(await runPynet('str-client', '127.0.0.1'), /port/)
    expectUsageError(await runPynet('str-client', '127.0.0.1', 1, 'more'), /more|argument/)
  })
})
