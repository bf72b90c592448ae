// The clients with servers that reset, leave, fall silent or never stop: one line, and exit code 1.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { expectFailure } from '../support/expectations.ts'
import { peakMegabytes } from '../support/proc.ts'
import { startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { numberedBytes, runScript } from '../support/sockets.ts'
import { type RawSocket, serveRaw } from '../support/wire.ts'

/** A client of a fast server levels off at 210 MB or so, most of it garbage not yet collected. */
const memoryLimitMegabytes = 300
const endlessBytes = 600_000_000
const hasProc = hasFile('/proc/self/status', 'memory of clients')

/** Each client, and what follows host and port on its command line. */
const clients: [name: string, words: string[]][] = [
  ['echo-client', ['abc']],
  ['wps-client', ['ps']],
  ['str-client', []],
]

/** Starts a client; str-client has two letters to send. */
function startClient([name, words]: [string, string[]], port: number, ...options: string[]) {
  return startPynet(name, '127.0.0.1', port, ...words, ...options, { input: 'ab\n' })
}

/** Sends bytes again and again as fast as they are taken, until the client is gone. */
async function sendForEver({ socket }: RawSocket, block: Buffer): Promise<void> {
  while (!socket.destroyed) await new Promise((resolve) => socket.write(block, resolve))
}

describe.each(clients)('%s', (...client) => {
  it('says how much came before a reset', async () => {
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send('twelve bytes')
      await peer.expectSilence(200)
      peer.reset()
    })
    const ended = await startClient(client, port).finished()
    expectFailure(ended, new RegExp(`lost the connection to .*:${port}: .*, after 12 bytes\\n`))
    expect(ended.stdout).toContain('twelve bytes')
  })

  it('says so when the server closes at once', async () => {
    const port = await serveRaw((peer) => peer.shutdown())
    const ended = await startClient(client, port).finished()
    expectFailure(ended, String(port))
  })

  it('says so when the server closes after it has read the request', async () => {
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      peer.shutdown()
    })
    const ended = await startClient(client, port).finished()
    expectFailure(ended, new RegExp(`${port}.*(ended|closed) the connection`))
  })

  it('gives up a silent server after --idle-timeout', async () => {
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send('x')
      await peer.untilEnd()
      peer.shutdown()
    })
    const begin = performance.now()
    const ended = await startClient(client, port, '--idle-timeout', '0.5').finished()
    expectFailure(ended, /has sent nothing for 0\.5 s, after 1 byte\n/)
    expect(ended.stdout).toContain('x')
    expect(performance.now() - begin).toBeGreaterThan(490)
  })
})

describe('a byte now and then', () => {
  const letters = 'every byte counts'

  it.each(['echo-client', 'wps-client'])('keeps %s from --idle-timeout', async (name) => {
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      for (const letter of letters) {
        await peer.send(letter)
        await delay(250)
      }
      peer.shutdown()
    })
    // In all it takes longer than the time limit; each pause is shorter by far, also on a busy machine.
    expect(letters.length * 250).toBeGreaterThan(4000)
    const options = ['--idle-timeout', '4']
    const ended = await startPynet(name, '127.0.0.1', port, 'ps', ...options).finished()
    expect(ended.stderr).toBe('')
    expect(ended.stdout.slice(0, 1)).toBe('e')
    expect(ended.status).toBe(0)
  })
})

describe.runIf(hasProc)('a server that never stops sending', () => {
  it.each(['echo-client', 'wps-client'])('costs %s no memory, and SIGINT ends it', async (name) => {
    let sender: Socket | undefined
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      sender = peer.socket
      await sendForEver(peer, Buffer.alloc(1_000_000, `${'x'.repeat(9999)}\n`))
    })
    const client = startShell(
      `exec "$PYNET_NODE" "$PYNET_PROGRAM" ${name} 127.0.0.1 ${port} w > /dev/null`,
    )
    while ((sender?.bytesWritten ?? 0) < endlessBytes) await delay(20)
    expect(peakMegabytes(client.pid)).toBeLessThan(memoryLimitMegabytes)
    client.kill('SIGINT')
    const ended = await client.finished()
    expect(ended.status).toBe(130)
    expect(ended.stderr).toBe('')
  })
})

describe('a line without an end', () => {
  const lineBytes = 512 * 1024 * 1024
  const block = Buffer.alloc(1024 * 1024, 'x')

  it('is an error that names the limit for a reader of lines, at the cost of the limit', async () => {
    const port = await serveRaw((peer) => sendForEver(peer, block))
    const { stdout, stderr } = await runScript('read-long-line.ts', String(port))
    expect(stderr).toBe('')
    const { code, message, grownMegabytes } = JSON.parse(stdout)
    expect(code).toBe('ERR_LINE_TOO_LONG')
    expect(message).toContain('1000000 bytes')
    expect(grownMegabytes).toBeLessThan(40)
  })

  it.runIf(hasProc)(
    'of 512 MB goes through wps-client whole, in little memory',
    async () => {
      let peak = 0
      const port = await serveRaw(async (peer) => {
        await peer.waitForBytes(1)
        for (let sent = 0; sent < lineBytes; sent += block.length) await peer.send(block)
        peak = peakMegabytes(client.pid)
        peer.shutdown()
      })
      const client = startShell(
        `exec "$PYNET_NODE" "$PYNET_PROGRAM" wps-client 127.0.0.1 ${port} w > /dev/null`,
      )
      const ended = await client.finished()
      expect(ended.stderr).toBe('')
      expect(ended.status).toBe(0)
      expect(peak).toBeGreaterThan(0)
      expect(peak).toBeLessThan(memoryLimitMegabytes)
    },
    60_000,
  )
})

describe('a reader of stdout that takes 64 kB every 20 ms', () => {
  const readSlowly = `
    const { readSync } = require('node:fs')
    const hash = require('node:crypto').createHash('sha256')
    const buffer = Buffer.alloc(65_536)
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (let count; (count = readSync(0, buffer)) > 0; Atomics.wait(pause, 0, 0, 20))
      hash.update(buffer.subarray(0, count))
    console.log(hash.digest('hex'))`

  it('gets every byte that wps-client got', async () => {
    const bytes = numberedBytes(4_000_000)
    const port = await serveRaw(async (peer) => {
      await peer.waitForBytes(1)
      await peer.send(bytes)
      peer.shutdown()
    })
    const shell = startShell(
      `pynet wps-client 127.0.0.1 ${port} w | "$PYNET_NODE" -e "$READ_SLOWLY"`,
      { env: { READ_SLOWLY: readSlowly } },
    )
    const ended = await shell.finished()
    expect(ended.stderr).toBe('')
    expect(ended.stdout.trim()).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})
