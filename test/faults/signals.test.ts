// Signals to the servers at every stage, once and twice in a row: a quick end in good order.
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { endingSignals } from '../support/expectations.ts'
import { childrenOf, programOf, stateOf } from '../support/proc.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

/**
 * A server gives its clients 0.6 s to take their leave. The limit is for busy machines, and below
 * the 2 s after which any close gives up waiting for its peer.
 */
const endLimitMs = 1500

/** What shall hold when a server has ended, besides its exit code. */
type After = (server: RunningProcess) => void | Promise<void>

/** A stage that a server of its own is brought to; gives what shall hold at the end. */
interface Stage {
  name: string
  prepare(): Promise<{ server: RunningProcess; after?: After }>
}

const serverCommands = [
  ['echo-server', '--go-ahead', 'now'],
  ['wps-server'],
  ['str-server'],
  ['str-server', '--clients', 'any', '--poll', 'nonblocking'],
]

const local = ['--host', '127.0.0.1'] as const

function startServer(words: readonly string[]): RunningProcess {
  const [command = '', ...options] = words
  return startPynet(command, 0, ...local, ...options)
}

/** str-server prints the value that it has, also when nobody ever came. */
function expectFinalValue([command]: readonly string[], { stdout }: RunningProcess): void {
  if (command === 'str-server') expect(stdout.toString()).toBe('the final value of v is \n')
}

/** A `ps` of the server's that is stopped by us in the middle, and so runs for as long as we like. */
async function stopRunningPs(server: RunningProcess, ask: () => Promise<void>): Promise<number> {
  return waitUntil(async () => {
    await ask()
    // It runs for a few milliseconds only: this looks without a pause.
    const deadline = performance.now() + 500
    while (performance.now() < deadline) {
      const child = childrenOf(server.pid).find((pid) => programOf(pid) === 'ps')
      if (child !== undefined) {
        process.kill(child, 'SIGSTOP')
        await waitUntil(() => /[TZ]/.test(stateOf(child) ?? 'Z'), 'a stopped or ended ps')
        return stateOf(child) === 'T' ? child : undefined
      }
      await turn()
    }
    return undefined
  }, 'a ps that is caught while it runs')
}

const waitingForAClient: Stage[] = serverCommands.map((words) => ({
  name: `${words.join(' ')} waiting for a client`,
  async prepare() {
    const server = startServer(words)
    await server.ready()
    return { server, after: (ended) => expectFinalValue(words, ended) }
  },
}))

const silentClient: Stage[] = serverCommands.map((words) => ({
  name: `${words.join(' ')} with a client that is silent`,
  async prepare() {
    const server = startServer(words)
    const client = await connectRaw(await server.ready())
    if (words[0] !== 'str-server') await server.waitFor('stdout', /client is at/)
    const after = async () => {
      expect(await client.untilEnd()).toHaveLength(0)
      expectFinalValue(words, server)
    }
    return { server, after }
  },
}))

const others: Stage[] = [
  {
    name: 'wps-server whose command runs',
    async prepare() {
      const server = startServer(['wps-server'])
      const port = await server.ready()
      const child = await stopRunningPs(server, async () => {
        const client = await connectRaw(port)
        await client.send('ps')
      })
      const after = async () => {
        await waitUntil(() => /Z/.test(stateOf(child) ?? 'Z'), 'the end of ps')
      }
      return { server, after }
    },
  },
  {
    name: 'echo-server in the middle of its copies for a client that does not read',
    async prepare() {
      const server = startServer(['echo-server', '--go-ahead', 'now'])
      const client = await connectUnread(await server.ready())
      client.write('x'.repeat(100_000))
      await once(client, 'readable')
      return { server }
    },
  },
  {
    name: 'str-server with a client that does not read, and another',
    async prepare() {
      const server = startServer(['str-server'])
      const port = await server.ready()
      const unread = await connectUnread(port)
      const client = await connectRaw(port)
      await client.send('a')
      await client.waitForBytes(1)
      unread.write('b'.repeat(20_000))
      await once(unread, 'readable')
      const after: After = ({ stdout }) => {
        expect(stdout.toString()).toMatch(/^the final value of v is ab+\n$/)
      }
      return { server, after }
    },
  },
]

const stages = [...waitingForAClient, ...silentClient, ...others]
const isPossible = [hasFile('/proc/self/task', 'signals'), hasProgram('ps', 'signals')]

describe.runIf(isPossible.every(Boolean))('a signal, once and twice in a row,', () => {
  it.each(stages)('ends $name', async ({ prepare }) => {
    const cases = endingSignals.flatMap(([signal, code]) => [
      { signal, code, times: 1 },
      { signal, code, times: 2 },
    ])
    const prepared = await Promise.all(cases.map(prepare))
    const ends = cases.map(async ({ signal, code, times }, index) => {
      const { server, after } = prepared[index] ?? expect.fail('every case has its server')
      const begin = performance.now()
      for (let count = 0; count < times; count++) server.kill(signal)
      const { status } = await server.exit
      expect(performance.now() - begin).toBeLessThan(endLimitMs)
      expect(status).toBe(code)
      expect(server.stderr.toString()).not.toMatch(/^\s+at |internal error/m)
      await after?.(server)
    })
    await Promise.all(ends)
  })
})
