// Crowds at the servers: the silent, the surplus, and those for whom no descriptor is left.
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { openDescriptors } from '../support/proc.ts'
import { type RunningProcess, startShell } from '../support/processes.ts'
import { hasDescriptors, hasFile } from '../support/requirements.ts'
import { median, timesOf } from '../support/times.ts'
import { waitUntil } from '../support/waiting.ts'
import { ask, connectCrowd, connectRaw, countGone, exchange } from '../support/wire.ts'

const isPossible = hasDescriptors(300, 'crowds') && hasFile('/proc/self/fd', 'crowds')

interface Server {
  name: string
  words: string
  /** Has one client served, and resolves when it has been. */
  serve(port: number): Promise<void>
}

const servers: Server[] = [
  {
    name: 'wps-server',
    words: 'wps-server 0',
    serve: async (port) => expect(await ask(port, 'zz')).toMatch(/^pynet: /),
  },
  {
    name: 'str-server',
    words: 'str-server 0 --clients any',
    async serve(port) {
      const client = await connectRaw(port)
      await exchange(client, 'z')
      client.reset()
    },
  },
]
const echoServer: Server = {
  name: 'echo-server',
  words: 'echo-server 0 -k --go-ahead now --copies 2',
  async serve(port) {
    const client = await connectRaw(port)
    await client.send('ab')
    client.shutdown()
    expect(String(await client.untilEnd())).toBe('abab')
  },
}

/** With the tutorial's backlogs the kernel would leave a part of a crowd waiting for its next try. */
function startServer({ words }: Server, options: string, files = 1000): RunningProcess {
  const command = `${words} --host 127.0.0.1 --backlog 511 ${options}`
  return startShell(`ulimit -n ${files}; exec "$PYNET_NODE" "$PYNET_PROGRAM" ${command}`)
}

/** Resolves when the server has accepted so many more connections than it had open before. */
function untilTaken(server: RunningProcess, count: number, before: number): Promise<unknown> {
  return waitUntil(() => openDescriptors(server.pid) >= before + count, `${count} connections`)
}

/** Reads and drops what comes, so that the end of data is seen. */
function readAll(crowd: readonly Socket[]): void {
  for (const socket of crowd) socket.resume()
}

describe.runIf(isPossible).each(servers)('200 clients that say nothing to $name', (entry) => {
  it('do not keep it from the next one', async () => {
    const server = startServer(entry, '')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const crowd = await connectCrowd(port, 200)
    readAll(crowd)
    await untilTaken(server, 200, before)
    const times = await timesOf(3, () => entry.serve(port))
    expect(median(times)).toBeLessThan(1000)
    expect(countGone(crowd)).toBe(0)
    for (const socket of crowd) socket.destroy()
    if (entry.name === 'str-server') {
      expect((await server.finished()).stdout).toBe('the final value of v is zzz\n')
    } else await waitUntil(() => openDescriptors(server.pid) <= before, 'all have left')
    expect(withoutStatus(String(server.stderr))).toBe('')
  })
})

it.runIf(isPossible)('200 clients that say nothing to wps-server are dropped in time', async () => {
  const server = startServer(servers[0] ?? expect.fail(), '--timeout 0.5')
  const port = await server.ready()
  const before = openDescriptors(server.pid)
  const crowd = await connectCrowd(port, 200)
  readAll(crowd)
  await waitUntil(() => countGone(crowd) === 200, 'all of them dropped')
  for (const socket of crowd) socket.destroy()
  await waitUntil(() => openDescriptors(server.pid) <= before, 'their descriptors closed')
  expect(withoutStatus(String(server.stderr))).toBe('')
})

describe.runIf(isPossible).each(servers)('more clients than --max-connections', (entry) => {
  it(`are closed at once by ${entry.name}, which says so once, and served when others left`, async () => {
    const server = startServer(entry, '--max-connections 10')
    const port = await server.ready()
    const before = openDescriptors(server.pid)
    const [guest, ...guests] = await connectCrowd(port, 10)
    await untilTaken(server, 10, before)
    const surplus = await connectCrowd(port, 5)
    readAll(surplus)
    await waitUntil(() => countGone(surplus) === 5, 'five closed')
    for (const other of guests) other.destroy()
    await waitUntil(() => openDescriptors(server.pid) <= before + 1, 'nine have left')
    await entry.serve(port)
    expect(guest?.destroyed).toBe(false)
    expect(withoutStatus(String(server.stderr))).toBe(
      'pynet: connection refused: 10 are open (--max-connections)\n',
    )
  })
})

it.runIf(isPossible)('--verbose says of each surplus client that it was refused', async () => {
  const server = startServer(servers[0] ?? expect.fail(), '--max-connections 1 --verbose')
  const port = await server.ready()
  const before = openDescriptors(server.pid)
  await connectCrowd(port, 1)
  await untilTaken(server, 1, before)
  readAll(await connectCrowd(port, 3))
  await server.waitFor('stderr', /(pynet: connection refused: 1 are open [^\n]*\n){3}/)
})

describe.runIf(isPossible).each([...servers, echoServer])(
  '100 clients for a process that may open 64 files',
  (entry) => {
    it(`do not end ${entry.name}, which says so once, and serves when they have left`, async () => {
      const server = startServer(entry, '', 64)
      const port = await server.ready()
      // str-server ends when its last client has left: this one stays.
      const staying = await connectRaw(port)
      if (entry.name !== 'str-server') staying.reset()
      const crowd = await connectCrowd(port, 100)
      readAll(crowd)
      await server.waitFor('stderr', /connection refused/)
      for (const socket of crowd) socket.destroy()
      // Until the server has noticed that they are gone, it may refuse again.
      await waitUntil(
        () =>
          entry.serve(port).then(
            () => true,
            () => false,
          ),
        'the next served',
      )
      expect(withoutStatus(String(server.stderr))).toMatch(
        /^pynet: connection refused: \d+ are open, and this process may open 64 files \(ulimit -n\)\n$/,
      )
    })
  },
)

it.runIf(isPossible)(
  'str-server says at once that it cannot have the clients it waits for',
  async () => {
    const command = '"$PYNET_NODE" "$PYNET_PROGRAM" str-server 0 --clients 50'
    const { stderr, status } = await startShell(`ulimit -n 48; exec ${command}`).finished()
    expect(stderr).toMatch(
      /^pynet: cannot wait for 50 clients: this process may open 48 files \(ulimit -n\), enough for \d+\n$/,
    )
    expect(status).toBe(1)
  },
)
