// Commands that hang, are missing, fail or print without end, through the real wps-server: it goes on.
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ask } from '../support/crowd.ts'
import { withoutStatus } from '../support/expectations.ts'
import {
  hasMounts,
  processOf,
  startWithoutPs,
  startWithPs,
  startWithPsAt,
} from '../support/fake-command.ts'
import { childrenOf, peakMegabytes, processorTicks, stateOf } from '../support/proc.ts'
import { waitUntil, within } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

const canFake = hasMounts('commands of wps-server that go wrong')

const memoryLimitMegabytes = 160
const gigabyte = 1_000_000_000

/** A shell and its child, as a command may start others. */
const hang = 'echo partial\nsleep 100'

describe.runIf(canFake)('a command that hangs', () => {
  it('is ended after --timeout with all that it has started, and the client is told', async () => {
    const faked = await startWithPs(hang, '--timeout', '1')
    const answer = ask(faked.port, 'ps')
    const sleeper = await processOf(faked, 'sleep')
    expect(await answer).toBe('partial\npynet: ps: was ended, for it took longer than 1 s\n')
    await waitUntil(() => stateOf(sleeper) === undefined, 'the end of what the command started')
    expect(childrenOf(faked.server.pid)).toEqual([])
  })

  it('goes on until --timeout for a client that has ended its data, and that one is told', async () => {
    const { port } = await startWithPs(hang, '--timeout', '1')
    const client = await connectRaw(port)
    const begin = performance.now()
    await client.send('ps')
    client.shutdown()
    const answer = (await client.untilEnd()).toString()
    expect(answer).toBe('partial\npynet: ps: was ended, for it took longer than 1 s\n')
    expect(performance.now() - begin).toBeGreaterThan(990)
  })

  it('is ended with all that it has started when its client resets', async () => {
    const faked = await startWithPs(hang)
    const client = await connectRaw(faked.port)
    await client.send('ps')
    const sleeper = await processOf(faked, 'sleep')
    client.reset()
    await waitUntil(() => stateOf(sleeper) === undefined, 'the end of what the command started')
    await waitUntil(() => childrenOf(faked.server.pid).length === 0, 'no child process')
  })

  it.each([
    ['that waits', () => {}],
    ['that has ended its data', (client: { shutdown(): void }) => client.shutdown()],
  ])('is ended with all that it has started at SIGINT, with a client %s', async (_, then) => {
    const faked = await startWithPs(hang)
    const client = await connectRaw(faked.port)
    await client.send('ps')
    then(client)
    const sleeper = await processOf(faked, 'sleep')
    faked.server.kill('SIGINT')
    expect((await faked.server.finished()).status).toBe(130)
    await waitUntil(() => stateOf(sleeper) === undefined, 'the end of what the command started')
  })
})

describe.runIf(canFake)('a command that is missing', () => {
  it('is said not to be found, to each client', async () => {
    const { server, port } = await startWithoutPs()
    expect(await ask(port, 'ps')).toBe('pynet: ps: not found on this server\n')
    expect(await ask(port, 'w')).toBe('pynet: w: not found on this server\n')
    expect(withoutStatus(server.stderr.toString())).toBe('')
  })
})

describe.runIf(canFake)('a command that fails', () => {
  it.each([
    ['echo some output; exit 3', 'some output\npynet: ps: ended with exit code 3\n'],
    ['printf "no newline"; exit 3', 'no newline\npynet: ps: ended with exit code 3\n'],
    ['exit 3', 'pynet: ps: ended with exit code 3\n'],
    ['echo some output; kill -KILL $$', 'some output\npynet: ps: ended with SIGKILL\n'],
    ['echo on stderr >&2; echo some output', 'some output\n'],
  ])('such as %j has its end told apart from its output', async (script, answer) => {
    const { port } = await startWithPs(script)
    expect(await ask(port, 'ps')).toBe(answer)
  })
})

describe.runIf(canFake)('a command that prints a gigabyte', () => {
  it('has it streamed, every byte, in bounded memory', async () => {
    const { server, port } = await startWithPs(`head -c ${gigabyte} /dev/zero`)
    const client = await connectUnread(port)
    let received = 0
    client.on('data', (chunk) => {
      received += chunk.length
    })
    client.write('ps')
    await within(once(client, 'end'), 'the whole output', () => `${received} bytes`)
    expect(received).toBe(gigabyte)
    expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)
  })

  it('waits while its client does not read, and is ended when that resets', async () => {
    const faked = await startWithPs('exec yes')
    const { server, port } = faked
    const client = await connectUnread(port)
    client.write('ps')
    const command = await processOf(faked, 'yes')
    await waitUntil(async () => {
      const before = processorTicks(command)
      await delay(300)
      return processorTicks(command) === before
    }, 'a command that waits')
    expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)

    // It goes on where it was.
    let received = 0
    const muchRead = new Promise<void>((resolve) => {
      client.on('data', (chunk) => {
        received += chunk.length
        if (received > 50_000_000) resolve()
      })
    })
    await within(muchRead, '50 MB', () => `${received} bytes`)
    client.resetAndDestroy()
    await waitUntil(() => stateOf(command) === undefined, 'the end of the command')
    expect(peakMegabytes(server.pid)).toBeLessThan(memoryLimitMegabytes)
  })
})

describe.runIf(canFake)('a command that the system refuses to run', () => {
  // Node throws this error (ELOOP) instead of emitting it, as it does when memory is short.
  it('ends no server: each client gets a line that says so', async () => {
    const { server, port } = await startWithPsAt((path) => symlinkSync(path, path))
    expect(await ask(port, 'ps')).toBe('pynet: ps: cannot be run now\n')
    expect(await ask(port, 'ps')).toBe('pynet: ps: cannot be run now\n')
    expect(withoutStatus(server.stderr.toString())).toBe('')
  })
})

describe.runIf(canFake)('a client that does not read a long output', () => {
  it('keeps nobody else waiting: those who ask later are answered within a second', async () => {
    // Only the first run has no end.
    const faked = await startWithPs('mkdir "$0.first" 2>&- && exec yes; echo short')
    const hog = await connectUnread(faked.port)
    hog.write('ps')
    await processOf(faked, 'yes')
    const begin = performance.now()
    const count = 5
    for (let i = 0; i < count; i++) expect(await ask(faked.port, 'ps')).toBe('short\n')
    // A single late answer may be the fault of a busy machine.
    expect((performance.now() - begin) / count).toBeLessThan(1000)
    expect(childrenOf(faked.server.pid)).toHaveLength(1)
    expect(peakMegabytes(faked.server.pid)).toBeLessThan(memoryLimitMegabytes)
  })

  it('is given up when it has not taken a piece of it within --timeout, as --verbose says', async () => {
    const { server, port } = await startWithPs('exec yes', '--timeout', '1', '--verbose')
    const hog = await connectUnread(port)
    hog.write('ps')
    await server.waitFor('stderr', /^pynet: [^\n]*\d+ did not take \d{7} bytes within 1 s$/m)
    await waitUntil(() => childrenOf(server.pid).length === 0, 'no child process')
  })

  it('is one of five at most for whom a process is begun, and none is left of them', async () => {
    const { server, port } = await startWithPs('exec yes')
    const hogs: Socket[] = []
    for (let count = 1; count <= 5; count++) {
      hogs.push(await connectUnread(port))
      hogs.at(-1)?.write('ps')
      await waitUntil(() => childrenOf(server.pid).length === count, `${count} processes`)
    }
    const late = await connectRaw(port)
    await late.send('ps')
    await late.expectSilence(1000)
    expect(childrenOf(server.pid)).toHaveLength(5)

    hogs[2]?.resetAndDestroy()
    await late.waitForBytes(2)
    expect(childrenOf(server.pid)).toHaveLength(5)
    late.reset()
    for (const hog of hogs) hog.resetAndDestroy()
    await waitUntil(() => childrenOf(server.pid).length === 0, 'no child process')
  })
})
