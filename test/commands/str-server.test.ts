// str-server as a real process: whose letters go where, who has to wait, and the final value.
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectUsageError, withoutStatus } from '../support/expectations.ts'
import { type RunningProcess, runPynet, startPynet } from '../support/processes.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread, exchange } from '../support/wire.ts'

const finalLine = (value: string) => `the final value of v is ${value}\n`
const countOf = (letter: string, text: string) => text.split(letter).length - 1

async function serve(
  ...options: (string | number)[]
): Promise<{ server: RunningProcess; port: number }> {
  const server = startPynet('str-server', 0, '--host', '127.0.0.1', ...options)
  return { server, port: await server.ready() }
}

async function expectFinal(server: RunningProcess, value: string, stderr = ''): Promise<void> {
  const ended = await server.finished()
  expect(ended.stdout).toBe(finalLine(value))
  expect(withoutStatus(ended.stderr)).toBe(stderr)
  expect(ended.status).toBe(0)
}

describe.each(['select', 'nonblocking'])('--poll %s', (poll) => {
  const options = ['--poll', poll] as const

  it('accepts two clients before it serves one; each letter goes to v, and v to its sender', async () => {
    const { server, port } = await serve(...options)
    const first = await connectRaw(port)
    await first.send('a')
    await first.expectSilence(100)
    const second = await connectRaw(port)
    expect(String(await first.waitForBytes(1))).toBe('a')
    // Then the port is closed.
    await expect(connectRaw(port)).rejects.toThrow('ECONNREFUSED')
    expect(await exchange(second, 'b', 'a')).toBe('ab')
    expect(await exchange(second, 'c', 'ab')).toBe('abc')
    expect(await exchange(first, 'd', 'abc')).toBe('abcd')
    first.shutdown()
    second.shutdown()
    expect(String(await first.untilEnd())).toBe('aabcd')
    expect(String(await second.untilEnd())).toBe('ababc')
    await expectFinal(server, 'abcd')
  })

  it('serves the others while one client does not read, and loses nothing of its replies', async () => {
    // 18 MB of replies: far more than the buffers between two sockets that nobody empties.
    const letters = 6000
    const { server, port } = await serve(...options)
    const slow = await connectUnread(port)
    const quick = await connectRaw(port)
    slow.write('s'.repeat(letters))
    slow.end()

    // Each turn serves both, so replies without a new s show that the slow one has to wait.
    let value = ''
    let repliesWithoutNews = 0
    await waitUntil(async () => {
      const before = countOf('s', value)
      value = await exchange(quick, 'Q', value)
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

  it('with --clients any serves whoever comes, until all have left', async () => {
    const { server, port } = await serve(...options, '--clients', 'any')
    const first = await connectRaw(port)
    expect(await exchange(first, 'a')).toBe('a')
    const second = await connectRaw(port)
    expect(await exchange(second, 'b', 'a')).toBe('ab')
    first.shutdown()
    await first.untilEnd()
    const third = await connectRaw(port)
    expect(await exchange(third, 'c', 'ab')).toBe('abc')
    second.shutdown()
    third.shutdown()
    await expectFinal(server, 'abc')
  })

  it('with --clients any nobody is accepted any more when all have left', async () => {
    const { server, port } = await serve(...options, '--clients', 'any', '--idle-timeout', 0.1)
    // It is dropped, and does not end its side: the server waits for that for a while.
    await connectRaw(port)
    await server.waitFor('stdout', /the final value of v is \n/)
    await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('a client', () => {
  it('answers abc in one segment with a, ab, abc, and takes any byte for a letter', async () => {
    const { server, port } = await serve('--clients', 1)
    const client = await connectRaw(port)
    await client.send(Buffer.from('abc\xff\n\0', 'latin1'))
    client.shutdown()
    const replies = ['a', 'ab', 'abc', 'abc\xff', 'abc\xff\n', 'abc\xff\n\0']
    expect((await client.untilEnd()).toString('latin1')).toBe(replies.join(''))
    await expectFinal(server, 'abc\xff\n\0')
  })

  it('serves clients in turn: nobody waits behind ten thousand letters of another', async () => {
    const { server, port } = await serve('--clients', 3)
    const [busy, other] = [await connectUnread(port), await connectRaw(port)]
    await new Promise<void>((resolve) => busy.write('x'.repeat(10_000), () => resolve()))
    await other.send('yyy')
    // Now that all letters are there, the third client makes the server begin.
    ;(await connectRaw(port)).shutdown()
    busy.resume()
    busy.end()
    other.shutdown()
    const { stdout } = await server.finished()
    const value = stdout.slice(finalLine('').length - 1, -1)
    expect(value.replaceAll('y', '')).toBe('x'.repeat(10_000))
    expect(countOf('y', value)).toBe(3)
    expect(value.lastIndexOf('y')).toBeLessThan(1000)
  })

  it('goes on with the others when one client cuts its connection', async () => {
    const { server, port } = await serve()
    const failing = await connectRaw(port)
    const staying = await connectRaw(port)
    expect(await exchange(failing, 'a')).toBe('a')
    failing.reset()
    expect(await exchange(staying, 'b', 'a')).toBe('ab')
    staying.shutdown()
    await staying.untilEnd()
    await expectFinal(server, 'ab')
  })

  it('drops who would make v longer than --max-bytes, behind its last reply, and says so once', async () => {
    const limits = ['--clients', 'any', '--max-bytes', 1000] as const
    const { server, port } = await serve(...limits)
    const other = await connectRaw(port)
    expect(await exchange(other, 'o')).toBe('o')
    const sender = await connectRaw(port)
    await sender.send('s'.repeat(1500))
    const replies = await sender.untilEnd()
    // Of 2 bytes, of 3, and so on to the last of 1,000.
    expect(replies.length).toBe((1000 * 1001) / 2 - 1)
    const value = `o${'s'.repeat(999)}`
    expect(replies.toString('latin1', replies.length - 1000)).toBe(value)
    sender.shutdown()

    // The others stay until they send one too many.
    await other.expectSilence(100)
    expect(other.socket.readableEnded).toBe(false)
    await other.send('o')
    expect(String(await other.untilEnd())).toBe('o')
    other.shutdown()
    const dropped = `127.0.0.1:${sender.localPort} is dropped: v has 1000 bytes (--max-bytes)`
    await expectFinal(server, value, `pynet: ${dropped}\n`)
  })
})

describe('--max-connections', () => {
  it('below --clients is wrong usage', async () => {
    const wrong = /--max-connections 1 is too few for --clients 3/
    expectUsageError(await runPynet('str-server', 0, '--clients', 3, '--max-connections', 1), wrong)
  })
})

describe.each(['select', 'nonblocking'])('--idle-timeout with --poll %s', (poll) => {
  it('gives up clients that neither send nor take a byte for so long', async () => {
    const options = ['--poll', poll, '--clients', 3, '--idle-timeout', '0.2', '--verbose']
    const { server, port } = await serve(...options)
    const silent = await connectRaw(port)
    const stuck = await connectUnread(port)
    stuck.write('x'.repeat(10_000))
    // Only while the server waits for that peer, and not for another client, does time count.
    await silent.expectSilence(500)
    const talking = await connectRaw(port)
    const talk = setInterval(() => talking.socket.write('y'), 20)
    onTestFinished(() => clearInterval(talk))
    for (const { localPort } of [silent, stuck]) {
      await server.waitFor('stderr', new RegExp(`:${localPort} has neither [^\\n]* 0\\.2 s\\n`))
    }
    clearInterval(talk)
    talking.shutdown()
    // The server has closed these, and waits a little for their ends.
    silent.shutdown()
    stuck.destroy()
    const { stdout, status } = await server.finished()
    expect(stdout).toMatch(/^the final value of v is [xy]+\n$/)
    expect(status).toBe(0)
  })
})

describe('--verbose', () => {
  it('says of each client that it has left, or why it was lost', async () => {
    const { server, port } = await serve('--verbose')
    const [lost, leaving] = [await connectRaw(port), await connectRaw(port)]
    // A client that has a reply was accepted; before that, a reset leaves no address to tell.
    await exchange(lost, 'a')
    lost.reset()
    await server.waitFor('stderr', new RegExp(`^pynet: lost .*:${lost.localPort}\\b`, 'm'))
    leaving.shutdown()
    await server.waitFor('stderr', new RegExp(`^pynet: .*:${leaving.localPort} has left$`, 'm'))
    expect((await server.finished()).stdout).toBe(finalLine('a'))
  })
})
