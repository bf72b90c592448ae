// Connections cut with a reset at every stage, by the hundred: nothing of them is left in a server.
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { childrenOf, openDescriptors, stateOf } from '../support/proc.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { ask, connectCrowd, connectRaw } from '../support/wire.ts'

const tellResources = fileURLToPath(new URL('scripts/tell-resources.cjs', import.meta.url))
const CROWD_SIZE = 60
const group = 'what resets leave in a server'
const isPossible = hasFile('/proc/self/fd', group) && hasProgram('ps', group)

interface Watched {
  server: RunningProcess
  port: number
  /** What keeps the event loop busy: open connections, timers, child processes. */
  resources(): Promise<string[]>
}

/** Starts a server that tells what keeps it busy. */
async function startWatched(...args: (string | number)[]): Promise<Watched> {
  const directory = mkdtempSync(join(tmpdir(), 'pynet-resets-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'resources')
  const env = { NODE_OPTIONS: `--require "${tellResources}"`, RESOURCES_FILE: file }
  const server = startPynet(...args, '--host', '127.0.0.1', '--backlog', 511, { env })
  const port = await server.ready()
  const resources = async () => {
    rmSync(file, { force: true })
    server.kill('SIGUSR2')
    const text = await waitUntil(() => {
      try {
        return readFileSync(file, 'utf8')
      } catch {
        return undefined // not written yet
      }
    }, 'the list')
    return JSON.parse(text) as string[]
  }
  return { server, port, resources }
}

function resetAll(crowd: readonly Socket[]): void {
  for (const socket of crowd) socket.resetAndDestroy()
}

/** Lets a crowd connect to a server that is stopped, and go before it can accept them. */
async function resetBeforeAccept({ server, port }: Watched): Promise<void> {
  server.kill('SIGSTOP')
  await waitUntil(() => stateOf(server.pid) === 'T', 'a stopped server')
  resetAll(await connectCrowd(port, CROWD_SIZE))
  server.kill('SIGCONT')
}

/** A crowd that is cut when `until` says so. */
async function resetCrowd(
  { port }: Watched,
  until: (crowd: Socket[]) => unknown | Promise<unknown>,
): Promise<void> {
  const crowd = await connectCrowd(port, CROWD_SIZE)
  await until(crowd)
  resetAll(crowd)
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

/** Resolves when the server has no more open, running or waiting than before. */
async function nothingLeft(
  { server, resources }: Watched,
  before: { descriptors: number; resources: string[] },
): Promise<void> {
  await waitUntil(() => openDescriptors(server.pid) <= before.descriptors, 'descriptors as before')
  await waitUntil(() => childrenOf(server.pid).length === 0, 'no child process')
  await waitUntil(async () => {
    const now = await resources()
    const count = (all: string[], kind: string) => all.filter((each) => each === kind).length
    return now.every((kind) => count(now, kind) <= count(before.resources, kind))
  }, `only ${before.resources}`)
}

async function stateNow(watched: Watched) {
  return {
    descriptors: openDescriptors(watched.server.pid),
    resources: await watched.resources(),
  }
}

describe.runIf(isPossible)('300 connections reset', () => {
  it('leave nothing in wps-server, and no line of noise', async () => {
    const watched = await startWatched('wps-server', 0)
    const { server, port } = watched
    expect(await ask(port, 'ps')).toMatch(/PID/)
    const before = await stateNow(watched)

    await resetBeforeAccept(watched)
    await resetCrowd(watched, () => {})
    await resetCrowd(watched, (crowd) => send(crowd, 'p'))
    // In the middle of its command, or just before.
    await resetCrowd(watched, (crowd) => send(crowd, 'ps'))
    await resetCrowd(watched, async (crowd) => {
      await send(crowd, 'ps')
      await someAnswer(crowd)
    })

    expect(await ask(port, 'ps')).toMatch(/PID/)
    await nothingLeft(watched, before)
    expect(withoutStatus(String(server.stderr))).toBe('')
  })

  it('leave nothing in str-server, and no line of noise', async () => {
    const watched = await startWatched('str-server', 0, '--clients', 'any')
    const { server, port } = watched
    const client = await connectRaw(port)
    await client.send('a')
    await client.waitForBytes(1)
    const before = await stateNow(watched)

    await resetBeforeAccept(watched)
    await resetCrowd(watched, () => {})
    await resetCrowd(watched, (crowd) => send(crowd, 'b'))
    // Each is owed more than its window takes: it is in the middle of an answer.
    await resetCrowd(watched, async (crowd) => {
      await send(crowd.slice(0, 1), 'd'.repeat(2000))
      await someAnswer(crowd)
    })

    await nothingLeft(watched, before)
    await client.send('z')
    await waitUntil(() => client.received.at(-1) === 'z'.charCodeAt(0), 'the reply to z')
    client.shutdown()
    const { status, stderr } = await server.finished()
    expect(status).toBe(0)
    expect(withoutStatus(stderr)).toBe('')
  })

  it('leave nothing in echo-server, and no line of noise', async () => {
    const watched = await startWatched('echo-server', 0, '--keep-open', '--go-ahead', 'now')
    const { server, port } = watched
    const echo = async (string: string) => {
      const client = await connectRaw(port)
      await client.send(string)
      client.shutdown()
      return String(await client.untilEnd())
    }
    // The first client makes it open its stdout.
    await echo('first')
    const before = await stateNow(watched)

    await resetBeforeAccept(watched)
    await resetCrowd(watched, () => {})
    await resetCrowd(watched, (crowd) => send(crowd, 'x'))
    for (let i = 0; i < 4; i++) {
      const [client] = await connectCrowd(port, 1)
      client?.end('y'.repeat(100_000))
      if (client !== undefined) await once(client, 'readable')
      client?.resetAndDestroy()
    }

    expect(await echo('z')).toBe('z'.repeat(10_000))
    await nothingLeft(watched, before)
    expect(withoutStatus(String(server.stderr))).toBe('')
  })
})
