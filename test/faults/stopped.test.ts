// Time in which a program was stopped (Ctrl-Z, a suspended laptop) is nobody's delay.
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasMounts, processOf, startWithPs } from '../support/fake-command.ts'
import { stateOf } from '../support/proc.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, listenRaw } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const hasProc = hasFile('/proc/self/stat', 'stopped programs')

/** Stops the program, does something meanwhile, and lets it go on after so many milliseconds. */
async function whileStopped(
  { pid }: RunningProcess,
  milliseconds: number,
  meanwhile: () => unknown,
): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await waitUntil(() => stateOf(pid) === 'T', 'a stopped program')
  await meanwhile()
  await delay(milliseconds)
  process.kill(pid, 'SIGCONT')
}

describe.runIf(hasProc)('a server that is stopped for longer than its time limit', () => {
  it.runIf(hasProgram('ps', 'stopped programs'))(
    'answers a request that arrived in time',
    async () => {
      const server = startPynet('wps-server', 0, ...local, '--timeout', '1')
      const client = await connectRaw(await server.ready())
      await server.waitFor('stdout', /client is at/)
      await whileStopped(server, 1100, () => client.send('ps'))
      expect(String(await client.untilEnd())).toMatch(/^\s*PID /)
    },
  )

  it.runIf(hasMounts('stopped programs'))(
    'does not say that the command took too long which had ended in time',
    async () => {
      const faked = await startWithPs('echo first; sleep 0.3; echo last', '--timeout', '1.2')
      const client = await connectRaw(faked.port)
      await client.send('ps')
      await processOf(faked, 'sleep')
      await whileStopped(faked.server, 1300, () => {})
      expect(String(await client.untilEnd())).toBe('first\nlast\n')
    },
  )

  it('takes the pieces of a string that came in time for its silence', async () => {
    const server = startPynet('echo-server', 0, ...local, '--go-ahead', 'now', '--copies', 1)
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    await server.waitFor('stdout', /client is at/)
    await whileStopped(server, 1200, () => client.send('def'))
    expect(String(await client.untilEnd())).toBe('abcdef')
  })
})

describe.runIf(hasProc)('a client that is stopped for longer than its time limit', () => {
  it('takes the answer that arrived in time', async () => {
    const { port, accept } = await listenRaw()
    const words = [
      'echo-client',
      '127.0.0.1',
      port,
      'abc',
      '--idle-timeout',
      '1',
      '--trace',
    ] as const
    const client = startPynet(...words)
    const peer = await accept()
    await client.waitFor('stderr', /recv … blocked/)
    await whileStopped(client, 1100, async () => {
      await peer.send('abc')
      peer.shutdown()
    })
    expect((await client.finished()).stdout).toBe('abc\nreceived 3 bytes\n\n')
  })
})
