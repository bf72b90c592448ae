// Connections cut with a reset at every stage, by the hundred: nothing of them is left in a server.
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask, connectCrowd } from '../support/crowd.ts'
import { withoutStatus } from '../support/expectations.ts'
import { childrenOf, openDescriptors, stateOf } from '../support/proc.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw } from '../support/wire.ts'

// Six thousand connections take their time where many tests run at once.
vi.setConfig({ testTimeout: 90_000 })

const tellResources = fileURLToPath(new URL('scripts/tell-resources.cjs', import.meta.url))
const crowdSize = 50
const hasProc = hasFile('/proc/self/fd', 'what resets leave in a server')

interface Watched {
  server: RunningProcess
  port: number
  /** What keeps the event loop busy: open connections, timers, child processes. */
  resources(): Promise<string[]>
}

/** Starts a server that tells what keeps it busy. */
async function startWatched(...args: (string | number)[]): Promise<Watched> {
  const directory = await mkdtemp(join(tmpdir(), 'pynet-resets-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'resources')
  const env = { NODE_OPTIONS: `--require "${tellResources}"`, RESOURCES_FILE: file }
  const server = startPynet(...args, '--host', '127.0.0.1', '--backlog', 511, { env })
  const port = await server.ready()
  const resources = async () => {
    await rm(file, { force: true })
    server.kill('SIGUSR2')
    const text = await waitUntil(() => readFile(file, 'utf8').catch(() => undefined), 'the list')
    return (JSON.parse(text) as string[]).sort()
  }
  return { server, port, resources }
}

/** What a server has said on stderr, line by line, beside its ready line. */
function linesBesideStatus(server: RunningProcess): string[] {
  return withoutStatus(server.stderr.toString()).split('\n').filter(Boolean)
}

function resetAll(crowd: readonly Socket[]): void {
  for (const socket of crowd) socket.resetAndDestroy()
}

/** Lets crowds connect to a server that is stopped, and go before it can accept them. */
async function resetBeforeAccept({ server, port }: Watched): Promise<void> {
  server.kill('SIGSTOP')
  await waitUntil(() => stateOf(server.pid) === 'T', 'a stopped server')
  for (let i = 0; i < 8; i++) resetAll(await connectCrowd(port, crowdSize))
  server.kill('SIGCONT')
}

/** Eight crowds, one after another, 400 connections: each is cut when `until` says so. */
async function resetCrowds(
  { port }: Watched,
  until: (crowd: Socket[]) => unknown | Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < 8; i++) {
    const crowd = await connectCrowd(port, crowdSize)
    await until(crowd)
    resetAll(crowd)
  }
}

function send(crowd: readonly Socket[], data: string): Promise<unknown> {
  const write = (socket: Socket) =>
    new Promise<void>((resolve) => {
      socket.write(data, () => resolve())
    })
  return Promise.all(crowd.map(write))
}

/** Until some of them have an answer, or a part of it; none of it is read. */
function someAnswer(crowd: readonly Socket[]): Promise<unknown> {
  return Promise.race(crowd.map((socket) => once(socket, 'readable')))
}

/** Sends a string to echo-server as all there is, and gives the copies. */
async function echo(port: number, string: string): Promise<string> {
  const client = await connectRaw(port)
  await client.send(string)
  client.shutdown()
  return (await client.untilEnd()).toString()
}

/** Waits until the server has no more open, running or waiting than before. */
async function expectNothingLeft(
  { server, resources }: Watched,
  before: { descriptors: number; resources: string[] },
): Promise<void> {
  await waitUntil(() => openDescriptors(server.pid) <= before.descriptors, 'descriptors as before')
  await waitUntil(() => childrenOf(server.pid).length === 0, 'no child process')
  const expected = JSON.stringify(before.resources)
  await waitUntil(async () => JSON.stringify(await resources()) === expected, `only ${expected}`)
}

describe.runIf(hasProc)('2,000 connections reset', () => {
  it.runIf(hasProgram('ps', 'resets of wps-server'))(
    'leave nothing in wps-server, and no line of noise',
    async () => {
      const watched = await startWatched('wps-server', 0)
      const { server, port } = watched
      expect(await ask(port, 'ps')).toMatch(/PID/)
      const before = {
        descriptors: openDescriptors(server.pid),
        resources: await watched.resources(),
      }

      await resetBeforeAccept(watched)
      await resetCrowds(watched, () => {})
      await resetCrowds(watched, (crowd) => send(crowd, 'p'))
      await resetCrowds(watched, async (crowd) => {
        await send(crowd, 'ps')
        await waitUntil(() => childrenOf(server.pid).length > 0, 'ps running')
      })
      await resetCrowds(watched, async (crowd) => {
        await send(crowd, 'ps')
        await someAnswer(crowd)
      })

      expect(await ask(port, 'ps')).toMatch(/PID/)
      await expectNothingLeft(watched, before)
      expect(withoutStatus(server.stderr.toString())).toBe('')
    },
  )

  it('leave nothing in str-server, and no line of noise', async () => {
    const watched = await startWatched('str-server', 0, '--clients', 'any')
    const { server, port } = watched
    const client = await connectRaw(port)
    await client.send('a')
    await client.waitForBytes(1)
    const before = {
      descriptors: openDescriptors(server.pid),
      resources: await watched.resources(),
    }

    await resetBeforeAccept(watched)
    await resetCrowds(watched, () => {})
    await resetCrowds(watched, (crowd) => send(crowd, 'b'))
    await resetCrowds(watched, async (crowd) => {
      await send(crowd, 'c')
      await someAnswer(crowd)
    })
    // Each is owed more than its window takes: it is in the middle of an answer.
    await resetCrowds(watched, async (crowd) => {
      await send(crowd.slice(0, 1), 'd'.repeat(2000))
      await someAnswer(crowd)
    })

    await expectNothingLeft(watched, before)
    const [start] = client.received
    await client.send('z')
    await waitUntil(() => client.received.at(-1) === 'z'.charCodeAt(0), 'the reply to z')
    expect(start).toBe('a'.charCodeAt(0))
    client.shutdown()
    const ended = await server.finished()
    expect(ended.status).toBe(0)
    expect(withoutStatus(ended.stderr)).toBe('')
  })

  it('leave nothing in echo-server, and no more than a line a second', async () => {
    const watched = await startWatched('echo-server', 0, '--keep-open', '--go-ahead', 'now')
    const { server, port } = watched
    const begin = performance.now()
    // The first client makes it open its stdout.
    await echo(port, 'first')
    const before = {
      descriptors: openDescriptors(server.pid),
      resources: await watched.resources(),
    }

    await resetBeforeAccept(watched)
    await resetCrowds(watched, () => {})
    await resetCrowds(watched, (crowd) => send(crowd, 'x'))
    for (let i = 0; i < 8; i++) {
      const [client] = await connectCrowd(port, 1)
      client?.write('y'.repeat(100_000))
      if (client !== undefined) await once(client, 'readable')
      client?.resetAndDestroy()
    }

    expect(await echo(port, 'z')).toBe('z'.repeat(10_000))
    await expectNothingLeft(watched, before)
    const seconds = (performance.now() - begin) / 1000
    const lines = withoutStatus(server.stderr.toString()).split('\n').length - 1
    expect(lines).toBeLessThanOrEqual(1 + Math.ceil(seconds))
  })
})

describe('--verbose', () => {
  it('says which clients of wps-server failed, and nothing of one that was served', async () => {
    const watched = await startWatched('wps-server', 0, '--verbose')
    expect(await ask(watched.port, 'zz')).toMatch(/^pynet: /)
    const crowd = await connectCrowd(watched.port, 3)
    await watched.server.waitFor('stdout', /(client is at [^\n]*\n){4}/)
    const ports = crowd.map((socket) => socket.localPort)
    resetAll(crowd)
    for (const port of ports) {
      await watched.server.waitFor('stderr', new RegExp(`^pynet: [^\\n]*\\b${port}\\b`, 'm'))
    }
    expect(linesBesideStatus(watched.server)).toHaveLength(3)
  })

  it('says of each client of echo-server -k that failed why, in a line of its own', async () => {
    const options = ['-k', '--go-ahead', 'now', '--verbose']
    const { server, port } = await startWatched('echo-server', 0, ...options)
    const ports: (number | undefined)[] = []
    for (let count = 0; count < 3; count++) {
      const [client] = await connectCrowd(port, 1)
      client?.write('y'.repeat(100_000))
      if (client !== undefined) await once(client, 'readable')
      ports.push(client?.localPort)
      client?.resetAndDestroy()
    }
    await waitUntil(() => linesBesideStatus(server).length === 3, 'three lines')
    const expected = ports.map((own) => expect.stringMatching(new RegExp(`:${own}\\b`)))
    expect(linesBesideStatus(server)).toEqual(expected)
  })

  it('says of each client of str-server that it has left, or why it was lost', async () => {
    const watched = await startWatched('str-server', 0, '--clients', 'any', '--verbose')
    const first = await connectRaw(watched.port)
    const second = await connectRaw(watched.port)
    // Who has an answer was accepted; before that, a reset leaves no address to tell.
    await first.send('a')
    await first.waitForBytes(1)
    await second.send('b')
    await second.waitForBytes(2)
    const ports = [first.localPort, second.localPort]
    first.reset()
    await watched.server.waitFor('stderr', new RegExp(`^pynet: [^\\n]*\\b${ports[0]}\\b`, 'm'))
    second.socket.destroy()
    await watched.server.waitFor(
      'stderr',
      new RegExp(`^pynet: [^\\n]*\\b${ports[1]}\\b[^\\n]* has left$`, 'm'),
    )
  })
})
