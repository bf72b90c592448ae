// str-server as a real process: whose letters go where, who has to wait, and the final value.
import { describe, expect, it } from 'vitest'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectUsageError,
  withoutStatus,
} from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread, type RawSocket } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const finalLine = (value: string) => `the final value of v is ${value}\n`

/** Sends one letter and gives the reply, whose length is known: everything so far. */
async function exchange(client: RawSocket, letter: string, length: number): Promise<string> {
  const before = client.received.length
  await client.send(letter)
  const all = await client.waitForBytes(before + length)
  return all.subarray(before).toString()
}

/** Sends one letter and gives the reply: longer than the value before, with the letter at its end. */
async function exchangeGrowing(client: RawSocket, letter: string, before: string): Promise<string> {
  const start = client.received.length
  await client.send(letter)
  return waitUntil(() => {
    const reply = client.received.toString('latin1', start)
    return reply.length > before.length && reply.endsWith(letter) ? reply : undefined
  }, `the reply to ${letter}`)
}

function countOf(letter: string, text: string): number {
  return text.split(letter).length - 1
}

describe.each(['select', 'nonblocking'])('--poll %s', (poll) => {
  const options = [...local, '--poll', poll] as const

  it('gives each letter to v, and v to its sender only', async () => {
    const server = startPynet('str-server', 0, ...options)
    const port = await server.ready()
    const first = await connectRaw(port)
    const second = await connectRaw(port)
    expect(await exchange(first, 'a', 1)).toBe('a')
    expect(await exchange(second, 'b', 2)).toBe('ab')
    expect(await exchange(second, 'c', 3)).toBe('abc')
    expect(await exchange(first, 'd', 4)).toBe('abcd')
    first.shutdown()
    second.shutdown()
    expect((await first.untilEnd()).toString()).toBe('aabcd')
    expect((await second.untilEnd()).toString()).toBe('ababc')
    const ended = await server.finished()
    expect(ended.stdout).toBe(finalLine('abcd'))
    expect(withoutStatus(ended.stderr)).toBe('')
    expect(ended.status).toBe(0)
  })

  it('answers abc in one segment with a, ab, abc', async () => {
    const server = startPynet('str-server', 0, ...options, '--clients', 1)
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    client.shutdown()
    expect((await client.untilEnd()).toString()).toBe('aababc')
    expect((await server.finished()).stdout).toBe(finalLine('abc'))
  })

  it('takes any byte for a letter, and prints the value undecoded', async () => {
    const server = startPynet('str-server', 0, ...options, '--clients', 1)
    const client = await connectRaw(await server.ready())
    await client.send(Buffer.from([0xff, 0x0a, 0x00, 0xc3]))
    client.shutdown()
    expect((await client.untilEnd()).toString('latin1')).toBe('\xff\xff\n\xff\n\0\xff\n\0\xc3')
    expect((await server.finished()).stdout).toBe(finalLine('\xff\n\0\xc3'))
  })

  it('serves the others while one client does not read, and loses nothing of its replies', async () => {
    // 50 MB of replies: far more than the buffers between two sockets that nobody empties.
    const letters = 10_000
    const server = startPynet('str-server', 0, ...options)
    const port = await server.ready()
    const slow = await connectUnread(port)
    const quick = await connectRaw(port)
    slow.write('s'.repeat(letters))
    slow.end()

    // Each turn serves both, so replies without a new s show that the slow one has to wait.
    let value = ''
    let repliesWithoutNews = 0
    await waitUntil(async () => {
      const before = countOf('s', value)
      value = await exchangeGrowing(quick, 'Q', value)
      repliesWithoutNews = countOf('s', value) === before ? repliesWithoutNews + 1 : 0
      return repliesWithoutNews === 10
    }, 'the letters of the slow client to wait')
    expect(countOf('s', value)).toBeLessThan(letters)

    let slowBytes = 0
    for await (const chunk of slow) slowBytes += chunk.length
    quick.shutdown()
    const { stdout } = await server.finished()
    const finalValue = stdout.slice(finalLine('').length - 1, -1)
    expect(finalValue.replaceAll('Q', '')).toBe('s'.repeat(letters))
    // Each s was answered with all of the value up to it.
    let replies = 0
    for (let i = 0; i < finalValue.length; i++) if (finalValue[i] === 's') replies += i + 1
    expect(slowBytes).toBe(replies)
  })

  it('goes on with the others when one client cuts its connection', async () => {
    const server = startPynet('str-server', 0, ...options)
    const port = await server.ready()
    const failing = await connectRaw(port)
    const staying = await connectRaw(port)
    expect(await exchange(failing, 'a', 1)).toBe('a')
    failing.reset()
    expect(await exchange(staying, 'b', 2)).toBe('ab')
    staying.shutdown()
    await staying.untilEnd()
    const ended = await server.finished()
    expect(ended.stdout).toBe(finalLine('ab'))
    expect(withoutStatus(ended.stderr)).toMatch(/^(pynet: [^\n]*\n)?$/)
  })

  it.each(endingSignals)(
    'prints the value at %s and ends with exit code %i',
    async (signal, code) => {
      const server = startPynet('str-server', 0, ...options, '--clients', 1)
      const client = await connectRaw(await server.ready())
      expect(await exchange(client, 'a', 1)).toBe('a')
      server.kill(signal)
      const ended = await server.finished()
      expect(ended.stdout).toBe(finalLine('a'))
      expect(withoutStatus(ended.stderr)).not.toMatch(/^\s+at /m)
      expect(ended.status).toBe(code)
    },
  )
})

describe('--clients', () => {
  it('of two: letters of the first wait until the second is there', async () => {
    const server = startPynet('str-server', 0, ...local)
    const port = await server.ready()
    const first = await connectRaw(port)
    await first.send('a')
    await first.expectSilence(100)
    const second = await connectRaw(port)
    expect((await first.waitForBytes(1)).toString()).toBe('a')
    expect(await exchange(second, 'b', 2)).toBe('ab')
  })

  it.each([1, 3])('%i accepts that many, and then nobody more', async (count) => {
    const server = startPynet('str-server', 0, ...local, '--clients', count)
    const port = await server.ready()
    const clients: RawSocket[] = []
    for (let i = 0; i < count; i++) clients.push(await connectRaw(port))
    let value = ''
    for (const client of clients) {
      value += 'x'
      expect(await exchange(client, 'x', value.length)).toBe(value)
    }
    await expect(connectRaw(port)).rejects.toThrow('ECONNREFUSED')
    for (const client of clients) client.shutdown()
    const ended = await server.finished()
    expect(ended.stdout).toBe(finalLine(value))
    expect(ended.status).toBe(0)
  })

  it.each(['select', 'nonblocking'])(
    'any with --poll %s serves whoever comes until all have left',
    async (poll) => {
      const server = startPynet('str-server', 0, ...local, '--clients', 'any', '--poll', poll)
      const port = await server.ready()
      const first = await connectRaw(port)
      expect(await exchange(first, 'a', 1)).toBe('a')
      const second = await connectRaw(port)
      expect(await exchange(second, 'b', 2)).toBe('ab')
      first.shutdown()
      await first.untilEnd()
      const third = await connectRaw(port)
      expect(await exchange(third, 'c', 3)).toBe('abc')
      second.shutdown()
      third.shutdown()
      const ended = await server.finished()
      expect(ended.stdout).toBe(finalLine('abc'))
      expect(ended.status).toBe(0)
    },
  )

  it.each(['', '0', '-1', '1.5', '1e3', '0x2', ' 2', 'all'])('%j is wrong usage', async (count) => {
    expectUsageError(await runPynet('str-server', 0, `--clients=${count}`), /clients/)
  })
})

describe('--max-connections', () => {
  it('says in the help that it is for --clients any', async () => {
    const { stdout } = await runPynet('str-server', '--help')
    expect(stdout.replace(/\s+/g, ' ')).toContain('--max-connections <n> with --clients any: ')
  })

  it('of 1 does not limit a fixed number of clients', async () => {
    const server = startPynet('str-server', 0, ...local, '--max-connections', 1)
    const port = await server.ready()
    const first = await connectRaw(port)
    const second = await connectRaw(port)
    expect(await exchange(first, 'a', 1)).toBe('a')
    expect(await exchange(second, 'b', 2)).toBe('ab')
  })
})

describe('wrong usage', () => {
  it('is a port that is no plain decimal number up to 65535', async () => {
    await expectBadPortsRefused('str-server', 'PORT')
  })

  it('is a port left out, one too many, or another way to poll', async () => {
    expectUsageError(await runPynet('str-server'), /port/)
    expectUsageError(await runPynet('str-server', 0, 'more'), /more|argument/)
    expectUsageError(
      await runPynet('str-server', 0, '--poll', 'epoll'),
      /poll.*select.*nonblocking/,
    )
  })
})

describe('ends', () => {
  it.each(endingSignals)(
    'at %s before any client came, with exit code %i',
    async (signal, code) => {
      const server = startPynet('str-server', 0, ...local)
      await server.ready()
      server.kill(signal)
      const ended = await server.finished()
      expect(ended.stdout).toBe(finalLine(''))
      expect(ended.status).toBe(code)
    },
  )

  it('with a whole final value of a megabyte in a pipe', async () => {
    const value = 'v'.repeat(1200)
    const script = 'pynet str-server 0 --host 127.0.0.1 --clients 1 | cat'
    const server = startShell(script)
    const client = await connectRaw(await server.ready())
    await client.send(value)
    client.shutdown()
    await client.untilEnd()
    expect((await server.finished()).stdout).toBe(finalLine(value))
  })

  it('with an error when another server holds its port', async () => {
    const first = startPynet('str-server', 0, ...local)
    const port = await first.ready()
    expectFailure(await runPynet('str-server', port, ...local), String(port))
  })

  it('not because its input is closed', async () => {
    const server = startShell('pynet str-server 0 --host 127.0.0.1 --clients 1 <&-')
    const client = await connectRaw(await server.ready())
    expect(await exchange(client, 'a', 1)).toBe('a')
    client.shutdown()
    const ended = await server.finished()
    expect(ended.stdout).toBe(finalLine('a'))
    expect(ended.status).toBe(0)
  })

  it('quietly when nobody reads its stdout any more', async () => {
    const script = '{ pynet str-server 0 --host 127.0.0.1 --clients 1; echo status $? >&2; } | true'
    const server = startShell(script)
    const client = await connectRaw(await server.ready())
    await client.send('a')
    client.shutdown()
    await client.untilEnd()
    const { stderr } = await server.finished()
    expect(withoutStatus(stderr)).toMatch(/^status (0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', 'str-server with a full disk'))(
    'with an error when the disk under its stdout is full',
    async () => {
      const server = startShell('pynet str-server 0 --host 127.0.0.1 --clients 1 > /dev/full')
      const client = await connectRaw(await server.ready())
      client.shutdown()
      expectFailure(await server.finished(), /ENOSPC|no space/i)
    },
  )
})
