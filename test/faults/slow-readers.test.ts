// Clients of the servers that ask for much and read nothing: memory stays bounded, others are served.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ask, connectCrowd } from '../support/crowd.ts'
import { openDescriptors, peakMegabytes, processorTicks } from '../support/proc.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { median, timesOf } from '../support/times.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const memoryLimitMegabytes = 160
/** Of the kernel's clock, see sysconf(3): the same on all Linux machines of today. */
const ticksPerSecond = 100
const hasProc = hasFile('/proc/self/status', 'memory of servers whose clients do not read')

/** Waits until the server has done all it can for now: it takes no more processor time. */
async function untilIdle(server: RunningProcess): Promise<void> {
  await waitUntil(async () => {
    const before = processorTicks(server.pid)
    await delay(300)
    return processorTicks(server.pid) === before
  }, 'a server with nothing left to do')
}

describe.runIf(hasProc)('a client that never reads', () => {
  it.each(['select', 'nonblocking'])(
    'and sends str-server 200,000 letters (--poll %s) keeps nobody else waiting',
    async (poll) => {
      const server = startPynet('str-server', 0, ...local, '--clients', 'any', '--poll', poll)
      const port = await server.ready()
      const hog = await connectUnread(port)
      hog.write('x'.repeat(200_000))
      await once(hog, 'readable')

      const client = await connectRaw(port)
      const letters = 'abcdefghi'
      const times = await timesOf(letters.length, async (index) => {
        const letter = letters.charAt(index)
        await client.send(letter)
        await waitUntil(
          () => client.received.at(-1) === letter.charCodeAt(0),
          `the reply to ${letter}`,
        )
      })
      expect(median(times)).toBeLessThan(1000)
      expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)

      // All its letters would be served before its end is seen: that could take long.
      server.kill('SIGINT')
      const ended = await server.finished()
      // All letters of the one, in their order, and between them as many of the other as got in.
      expect(ended.stdout.replace(/x+/g, '')).toBe('the final value of v is abcdefghi\n')
      expect(ended.stdout).toContain('xxx')
      expect(ended.status).toBe(130)
    },
  )

  it.each(['select', 'nonblocking'])(
    'and resets behind 200,000 letters, twenty times, costs str-server little (--poll %s)',
    async (poll) => {
      const options = ['--clients', 'any', '--backlog', '511', '--poll', poll]
      const server = startPynet('str-server', 0, ...local, ...options)
      const port = await server.ready()
      const client = await connectRaw(port)
      await client.send('a')
      await client.waitForBytes(1)
      const before = openDescriptors(server.pid)
      const hogs = await connectCrowd(port, 20)
      for (const hog of hogs) hog.write('x'.repeat(200_000))
      await Promise.all(hogs.map((hog) => once(hog, 'readable')))

      const ticks = processorTicks(server.pid)
      for (const hog of hogs) hog.resetAndDestroy()
      await waitUntil(() => openDescriptors(server.pid) <= before, 'all of them gone')
      // With a reply to each letter that was still to come it were 20 seconds.
      const seconds = (processorTicks(server.pid) - ticks) / ticksPerSecond
      expect(seconds).toBeLessThan(4)
      client.shutdown()
      const { stdout } = await server.finished()
      // What had arrived counts, though nobody was there any more to be told.
      expect(stdout).toMatch(/^the final value of v is ax+\n$/)
      expect(stdout.length).toBeGreaterThan(20 * 10_000)
    },
  )

  it('of a gigabyte of copies costs echo-server no more memory than one that does', async () => {
    const server = startPynet('echo-server', 0, ...local, '--go-ahead', 'now')
    const client = await connectUnread(await server.ready())
    client.write('y'.repeat(100_000))
    await once(client, 'readable')
    await untilIdle(server)
    expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)
  })

  it.runIf(hasProgram('ps', 'a client of wps-server that does not read'))(
    'and never closes is given up by wps-server, and the others are answered',
    async () => {
      const server = startPynet('wps-server', 0, ...local, '--timeout', '1')
      const port = await server.ready()
      expect(await ask(port, 'ps')).toMatch(/PID/)
      const before = openDescriptors(server.pid)
      const hogs = await connectCrowd(port, 50)
      for (const hog of hogs) hog.write('ps')

      const times = await timesOf(5, async () => {
        expect(await ask(port, 'ps')).toMatch(/PID/)
      })
      expect(median(times)).toBeLessThan(1000)
      await waitUntil(() => openDescriptors(server.pid) <= before, 'all of them given up')
      expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)
      expect(hogs.every((hog) => !hog.readableFlowing)).toBe(true)
    },
  )
})
