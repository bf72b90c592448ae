// Commands that hang, are missing, or print much, through the real wps-server: it goes on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { hasMounts, processOf, startWithoutPs, startWithPs } from '../support/fake-command.ts'
import { peakMegabytes } from '../support/proc.ts'
import { waitUntil } from '../support/waiting.ts'
import { ask, connectCrowd, connectRaw, connectUnread } from '../support/wire.ts'

const canFake = hasMounts('commands of wps-server that go wrong')
/** More than the buffers between two programs hold together. */
const OUTPUT_BYTES = 24_000_000
const BIG = `yes "$(printf %0999d)" | head -c ${OUTPUT_BYTES}`

describe.runIf(canFake)('a command', () => {
  it('that hangs is ended after --timeout, and the client gets what it printed, and why', async () => {
    const { server, port } = await startWithPs('echo partial\nsleep 100', '--timeout', '0.3')
    const client = await connectRaw(port)
    await client.send('ps')
    // The end of its data is no reason to end the command.
    client.shutdown()
    const begin = performance.now()
    expect(String(await client.untilEnd())).toBe('partial\npynet: ps: took longer than 0.3 s\n')
    expect(performance.now() - begin).toBeGreaterThan(250)
    expect(await ask(port, 'ps')).toBe('partial\npynet: ps: took longer than 0.3 s\n')
    expect(withoutStatus(String(server.stderr))).toMatch(/^pynet: anyone|^$/)
  })

  it('that hangs does not keep the server from ending at a signal', async () => {
    const faked = await startWithPs('echo partial\nsleep 100')
    const client = await connectRaw(faked.port)
    await client.send('ps')
    await processOf(faked, 'sleep')
    const begin = performance.now()
    faked.server.kill('SIGINT')
    expect((await faked.server.finished()).status).toBe(130)
    expect(performance.now() - begin).toBeLessThan(1900)
  })

  it('that hangs has no next run when the server ends, whoever waits for it', async () => {
    const { server, port, folder } = await startWithPs('echo run >> "$FOLDER/runs"; sleep 100')
    const runs = () =>
      existsSync(join(folder, 'runs')) && readFileSync(join(folder, 'runs'), 'utf8')
    const clients = [await connectRaw(port), await connectRaw(port)]
    await clients[0]?.send('ps')
    await waitUntil(runs, 'the first run')
    await clients[1]?.send('ps')
    await delay(50)
    server.kill('SIGTERM')
    expect((await server.finished()).status).toBe(143)
    expect(runs()).toBe('run\n')
  })

  it('that is missing is said not to be found, to each client', async () => {
    const { server, port } = await startWithoutPs()
    expect(await ask(port, 'ps')).toBe('pynet: ps: not found on this server\n')
    expect(await ask(port, 'w')).toBe('pynet: w: not found on this server\n')
    expect(withoutStatus(String(server.stderr))).toBe('')
  })

  it('runs once at a time: a crowd that asks at once shares the next run', async () => {
    const wait = 'while [ ! -e "$FOLDER/go" ]; do sleep 0.02; done'
    const { server, port, folder } = await startWithPs(`echo run >> "$FOLDER/runs"; ${wait}`)
    const answers = Array.from({ length: 50 }, () => ask(port, 'ps'))
    await server.waitFor('stdout', /(client is at [^\n]*\n){50}/)
    await delay(100)
    writeFileSync(join(folder, 'go'), '')
    await Promise.all(answers)
    // One that was under way, the next, and perhaps one for requests that came late.
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toMatch(/^(run\n){2,3}$/)
  })
})

describe.runIf(canFake)('a client that takes nothing of a long output', () => {
  it('is dropped after --timeout, as --verbose says, and the others are served meanwhile', async () => {
    const { server, port } = await startWithPs(BIG, '--timeout', '1', '--verbose')
    const stuck = await connectUnread(port)
    stuck.write('ps')
    expect(await ask(port, 'ps')).toHaveLength(OUTPUT_BYTES)
    await server.waitFor('stderr', new RegExp(`:${stuck.localPort}\\b[^\\n]* 1 s$`, 'm'))
  })

  it('costs no copy of the output, with twenty like it', async () => {
    const { server, port } = await startWithPs(BIG)
    const hogs = await connectCrowd(port, 20)
    for (const hog of hogs) hog.write('ps')
    await Promise.all(hogs.map((hog) => new Promise((resolve) => hog.once('readable', resolve))))
    expect(peakMegabytes(server.pid)).toBeLessThan(300)
  })
})
