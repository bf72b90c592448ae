// Peers and pipes that take little or nothing, and peers that send without end: memory stays bounded.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { openDescriptors, peakMegabytes, processorTicks } from '../support/proc.ts'
import { startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { numberedBytes } from '../support/sockets.ts'
import { median, timesOf } from '../support/times.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectCrowd, connectRaw, connectUnread, exchange, serveRaw } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const memoryLimitMegabytes = 160
/** Of the kernel's clock, see sysconf(3): the same on all Linux machines of today. */
const ticksPerSecond = 100
const hasProc = hasFile('/proc/self/status', 'memory of programs whose peers do not read')

describe.runIf(hasProc).each(['select', 'nonblocking'])(
  'a client that never reads the replies of str-server (--poll %s)',
  (poll) => {
    it('to 200,000 letters keeps no other client waiting', async () => {
      const server = startPynet('str-server', 0, ...local, '--clients', 'any', '--poll', poll)
      const port = await server.ready()
      const hog = await connectUnread(port)
      hog.write('x'.repeat(200_000))
      await once(hog, 'readable')

      const client = await connectRaw(port)
      const letters = 'abcde'
      const times = await timesOf(letters.length, async (index) => {
        await exchange(client, letters.charAt(index))
      })
      expect(median(times)).toBeLessThan(1000)
      expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)

      // All its letters would be served before its end is seen: that could take long.
      server.kill('SIGINT')
      const { stdout, status } = await server.finished()
      // All letters of the one, in their order, and between them as many of the other as got in.
      expect(stdout.replace(/x+/g, '')).toBe(`the final value of v is ${letters}\n`)
      expect(stdout).toContain('xxx')
      expect(status).toBe(130)
    })
  },
)

it.runIf(hasProc)(
  'twenty clients that reset behind letters whose replies they never read cost little',
  async () => {
    const options = ['--clients', 'any', '--backlog', '511']
    const server = startPynet('str-server', 0, ...local, ...options)
    const port = await server.ready()
    const client = await connectRaw(port)
    await client.send('a')
    await client.waitForBytes(1)
    const before = openDescriptors(server.pid)
    const hogs = await connectCrowd(port, 20)
    for (const hog of hogs) hog.write('x'.repeat(20_000))
    await Promise.all(hogs.map((hog) => once(hog, 'readable')))

    const ticks = processorTicks(server.pid)
    for (const hog of hogs) hog.resetAndDestroy()
    await waitUntil(() => openDescriptors(server.pid) <= before, 'all of them gone')
    // With a reply to each letter that was still to come it would be many seconds.
    expect((processorTicks(server.pid) - ticks) / ticksPerSecond).toBeLessThan(2)
    client.shutdown()
    // What had arrived counts, though nobody was there any more to be told.
    expect((await server.finished()).stdout).toMatch(/^the final value of v is ax{20}x+\n$/)
  },
)

describe.runIf(hasProc)('a server that never stops sending', () => {
  it.each(['echo-client', 'wps-client'])('costs %s no memory, and SIGINT ends it', async (name) => {
    let sender: Socket | undefined
    const block = Buffer.alloc(1_000_000, `${'x'.repeat(9999)}\n`)
    const port = await serveRaw(async ({ socket }) => {
      sender = socket
      while (!socket.destroyed) await new Promise((resolve) => socket.write(block, resolve))
    })
    const words = `${name} 127.0.0.1 ${port} w`
    const client = startShell(`exec "$PYNET_NODE" "$PYNET_PROGRAM" ${words} > /dev/null`)
    await waitUntil(() => (sender?.bytesWritten ?? 0) > 150_000_000, '150 MB')
    expect(peakMegabytes(client.pid)).toBeLessThan(150)
    client.kill('SIGINT')
    const { status, stderr } = await client.finished()
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' })
  })

  it('nor any line costs wps-client no more than the longest line there may be', async () => {
    const block = Buffer.alloc(1 << 20, 'x')
    const port = await serveRaw(async ({ socket }) => {
      while (!socket.destroyed) await new Promise((resolve) => socket.write(block, resolve))
    })
    const script = `exec "$PYNET_NODE" "$PYNET_PROGRAM" wps-client 127.0.0.1 ${port} w | wc -c`
    const result = await startShell(script).finished()
    expect(result.stderr).toMatch(/^pynet: a line is longer than the limit of \d+ bytes\n$/)
    // What came of it is shown.
    expect(Number(result.stdout)).toBeGreaterThan(2 ** 26)
    expect(Number(result.stdout)).toBeLessThan(2 ** 27)
  })
})

describe('a byte now and then', () => {
  it('keeps a client from --idle-timeout, however long it takes', async () => {
    const letters = 'every byte is some'
    const port = await serveRaw(async (peer) => {
      for (const letter of letters) {
        await peer.send(letter)
        await delay(150)
      }
      peer.shutdown()
    })
    // In all it takes longer than the limit; each pause is shorter by far, also on a busy machine.
    const words = ['wps-client', '127.0.0.1', port, 'ps', '--idle-timeout', '2'] as const
    const { stdout, stderr, status } = await startPynet(...words).finished()
    expect({ stdout, stderr, status }).toEqual({ stdout: letters, stderr: '', status: 0 })
  })
})

describe('a reader of stdout', () => {
  const readSlowly = `
    const { readSync } = require('node:fs')
    const hash = require('node:crypto').createHash('sha256')
    const buffer = Buffer.alloc(65_536)
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let count; (count = readSync(0, buffer)) > 0; Atomics.wait(pause, 0, 0, 10))
      hash.update(buffer.subarray(0, count))
    console.log(hash.digest('hex'))`

  it('that takes 64 kB every 10 ms gets every byte that wps-client got', async () => {
    const bytes = numberedBytes(3_000_000)
    const port = await serveRaw(async (peer) => {
      await peer.send(bytes)
      peer.shutdown()
    })
    const script = `pynet wps-client 127.0.0.1 ${port} w | "$PYNET_NODE" -e "$READ_SLOWLY"`
    const { stdout, stderr } = await startShell(script, {
      env: { READ_SLOWLY: readSlowly },
    }).finished()
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('that stalls while clients come: Ctrl-C ends wps-server with 130, and no stack', async () => {
    // The pipe is full from the start, and its reader begins when it is told to.
    const server = startShell(
      `exec 3<&0
      { head -c 65536 /dev/zero
        sh -c 'echo "pid $$" >&2; exec "$PYNET_NODE" "$PYNET_PROGRAM" wps-server 0 --host 127.0.0.1'
        echo "status $?" >&2; } | { read go <&3; cat > /dev/null; }`,
      { stdin: 'pipe' },
    )
    const port = await server.ready()
    const [, pid] = await server.waitFor('stderr', /^pid (\d+)$/m)
    // More lines than wait in memory (64 KiB): it accepts nobody until the lines are taken.
    for (let count = 0; count < 2100; count += 100) {
      for (const socket of await connectCrowd(port, 100)) socket.resetAndDestroy()
    }
    process.kill(Number(pid), 'SIGINT')
    server.write('go\n')
    await server.waitFor('stderr', /^status \d+$/m)
    const lines = withoutStatus(String(server.stderr)).replace(/^pid \d+\n/, '')
    expect(lines).toBe('status 130\n')
  })
})
