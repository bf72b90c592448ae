// Crowds at the servers: the silent, the surplus, and those for whom no descriptor is left.
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ask, connectCrowd, countGone } from '../support/crowd.ts'
import { withoutStatus } from '../support/expectations.ts'
import { openDescriptors } from '../support/proc.ts'
import { type RunningProcess, startPynet, startShell } from '../support/processes.ts'
import { hasDescriptors } from '../support/requirements.ts'
import { median, timesOf } from '../support/times.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, type RawSocket } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const refusal = /^pynet: (\d+) connections? refused: 10 are open \(--max-connections\)$/
// With the tutorial's backlogs the kernel would leave a part of a crowd waiting for its next try.
const backlog = ['--backlog', '511'] as const
const strServer = ['str-server', 0, ...local, ...backlog, '--clients', 'any'] as const

/** Reads and drops what comes, so that the end of data is seen. */
function readAll(crowd: readonly Socket[]): void {
  for (const socket of crowd) socket.resume()
}

/** Waits until the server has taken them all. */
async function untilTaken(server: RunningProcess, count: number, before: number): Promise<void> {
  await waitUntil(() => openDescriptors(server.pid) >= before + count, `${count} connections taken`)
}

/** Sends a letter to str-server, and waits until the value that comes back ends with it. */
async function exchange(client: RawSocket, letter: string): Promise<void> {
  await client.send(letter)
  await waitUntil(() => client.received.at(-1) === letter.charCodeAt(0), `the reply to ${letter}`)
}

/** How many connections the lines on stderr speak of, all together. */
function countRefused(server: RunningProcess): number {
  const lines = withoutStatus(server.stderr.toString()).split('\n').filter(Boolean)
  return lines.reduce((sum, line) => sum + Number(line.match(refusal)?.[1]), 0)
}

describe.runIf(hasDescriptors(1000, 'crowds of 900'))('900 clients that say nothing', () => {
  it('do not keep wps-server from the next one, and are dropped in time', async () => {
    const server = startPynet('wps-server', 0, ...local, '--timeout', '8')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const begin = performance.now()
    const crowd = await connectCrowd(port, 900)
    readAll(crowd)
    const times = await timesOf(5, async () => {
      expect(await ask(port, 'zz')).toMatch(/^pynet: /)
    })
    expect(median(times)).toBeLessThan(1000)
    expect(countGone(crowd)).toBe(0)

    await waitUntil(() => countGone(crowd) === 900, 'all of them dropped')
    expect(performance.now() - begin).toBeGreaterThan(7900)
    for (const socket of crowd) socket.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before, 'their descriptors closed')
    expect(withoutStatus(server.stderr.toString())).toBe('')
  })

  it('do not keep str-server from the next one', async () => {
    const server = startPynet(...strServer)
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const crowd = await connectCrowd(port, 900)
    await untilTaken(server, 900, before)
    const client = await connectRaw(port)
    const letters = 'abcde'
    const times = await timesOf(letters.length, (index) => exchange(client, letters.charAt(index)))
    expect(median(times)).toBeLessThan(1000)
    expect(countGone(crowd)).toBe(0)

    for (const socket of crowd) socket.destroy()
    client.shutdown()
    const ended = await server.finished()
    expect(ended.stdout).toBe(`the final value of v is ${letters}\n`)
    expect(withoutStatus(ended.stderr)).toBe('')
    expect(ended.status).toBe(0)
  })
})

describe('more clients than --max-connections', () => {
  it('are closed at once by wps-server, which says so, and served when others have left', async () => {
    const server = startPynet('wps-server', 0, ...local, '--max-connections', '10')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const guests = await connectCrowd(port, 10)
    await untilTaken(server, 10, before)
    const surplus = await connectCrowd(port, 3)
    readAll(surplus)
    await waitUntil(() => countGone(surplus) === 3, 'three closed')
    await waitUntil(() => countRefused(server) === 3, 'three told of')
    const [guest, ...others] = guests
    for (const other of others) other.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before + 1, 'nine have left')
    expect(await ask(port, 'zz')).toMatch(/^pynet: /)
    expect(guest?.destroyed).toBe(false)
  })

  it('are closed at once by str-server, which says so, and served when others have left', async () => {
    const server = startPynet(...strServer, '--max-connections', '10')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const client = await connectRaw(port)
    const guests = await connectCrowd(port, 9)
    await untilTaken(server, 10, before)
    const surplus = await connectCrowd(port, 3)
    readAll(surplus)
    await waitUntil(() => countGone(surplus) === 3, 'three closed')
    await waitUntil(() => countRefused(server) === 3, 'three told of')
    await exchange(client, 'a')
    for (const guest of guests) guest.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before + 1, 'nine have left')
    const next = await connectRaw(port)
    await exchange(next, 'b')
    expect(next.received.toString()).toBe('ab')
    client.shutdown()
    next.shutdown()
    expect((await server.finished()).stdout).toBe('the final value of v is ab\n')
  })

  it('of 200 in a row cost a line a second, with their number', async () => {
    const server = startPynet('wps-server', 0, ...local, '--max-connections', '10')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    await connectCrowd(port, 10)
    await untilTaken(server, 10, before)
    const begin = performance.now()
    for (let i = 0; i < 10; i++) await connectCrowd(port, 20)
    await waitUntil(() => countRefused(server) === 200, '200 told of')
    const seconds = (performance.now() - begin) / 1000
    const lines = withoutStatus(server.stderr.toString()).split('\n').length - 1
    expect(lines).toBeLessThanOrEqual(1 + Math.ceil(seconds))
  })

  it('are told of also when the server ends before the second is over', async () => {
    const server = startPynet('wps-server', 0, ...local, '--max-connections', '10')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    await connectCrowd(port, 10)
    await untilTaken(server, 10, before)
    const surplus = await connectCrowd(port, 5)
    readAll(surplus)
    await waitUntil(() => countGone(surplus) === 5, 'five closed')
    server.kill('SIGTERM')
    await server.finished()
    expect(countRefused(server)).toBe(5)
  })
})

describe('200 clients for a process that may open 64 files', () => {
  const warning =
    /^pynet: connections refused: \d+ are open, and this process may open 64 files \(ulimit -n\)\n/
  // The shell's own pid is that of the program: what it has open can be counted.
  const withFewFiles = (command: string) =>
    startShell(
      `ulimit -n 64; exec "$PYNET_NODE" "$PYNET_PROGRAM" ${command} 0 --host 127.0.0.1 --backlog 511`,
    )

  it('do not end str-server, which says so once, and serves again when they have left', async () => {
    const server = withFewFiles('str-server --clients any')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const client = await connectRaw(port)
    await exchange(client, 'a')
    const crowd = await connectCrowd(port, 200)
    readAll(crowd)
    await server.waitFor('stderr', new RegExp(warning.source, 'm'))
    await exchange(client, 'b')
    for (const socket of crowd) socket.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before + 1, 'all have left')
    const next = await connectRaw(port)
    await exchange(next, 'c')
    client.shutdown()
    next.shutdown()
    const ended = await server.finished()
    expect(ended.stdout).toBe('the final value of v is abc\n')
    expect(withoutStatus(ended.stderr)).toMatch(new RegExp(`${warning.source}$`))
  })

  it('do not end echo-server, which says so once, and serves again when they have left', async () => {
    const server = withFewFiles('echo-server --keep-open --go-ahead now --copies 2')
    const port = await server.ready()
    const client = await connectRaw(port)
    await server.waitFor('stdout', /client is at/)
    const crowd = await connectCrowd(port, 200)
    readAll(crowd)
    await server.waitFor('stderr', new RegExp(warning.source, 'm'))
    await client.send('abc')
    expect((await client.untilEnd()).toString()).toBe('abcabc')
    client.shutdown()
    for (const socket of crowd) socket.destroy()
    // Those that it had taken are served first: they have left, which is no failure of theirs.
    const askAgain = () => ask(port, 'xyz').catch(() => '')
    await waitUntil(async () => (await askAgain()) === 'xyzxyz', 'the next client served')
    expect(withoutStatus(server.stderr.toString())).toMatch(new RegExp(`${warning.source}$`))
  })

  it('do not end wps-server, which says so once, and serves again when they have left', async () => {
    const server = withFewFiles('wps-server')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const crowd = await connectCrowd(port, 200)
    readAll(crowd)
    await server.waitFor('stderr', new RegExp(warning.source, 'm'))
    for (const socket of crowd) socket.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before, 'all have left')
    expect(await ask(port, 'zz')).toMatch(/^pynet: /)
    expect(withoutStatus(server.stderr.toString())).toMatch(new RegExp(`${warning.source}$`))
  })
})
