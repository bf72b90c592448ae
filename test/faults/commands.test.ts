// Commands that hang, can't be run or print without end, through the real wps-server: it goes on.
import { symlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ask } from '../support/crowd.ts'
import { withoutStatus } from '../support/expectations.ts'
import { hasMounts, processOf, startWithPs, startWithPsAt } from '../support/fake-command.ts'
import { childrenOf, peakMegabytes, stateOf } from '../support/proc.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, connectUnread } from '../support/wire.ts'

const canFake = hasMounts('commands of wps-server that go wrong')

const memoryLimitMegabytes = 160

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
