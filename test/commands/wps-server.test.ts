// wps-server as a real process: what it runs, what it refuses, and how long it waits for whom.
import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { type RunningProcess, startPynet } from '../support/processes.ts'
import { hasProgram } from '../support/requirements.ts'
import { ask, connectRaw } from '../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const
const hasPs = hasProgram('ps', 'wps-server: ps')
const hasW = hasProgram('w', 'wps-server: w')
const psTable = /^\s*PID\b[^\n]*\n(\s*\d+ [^\n]*\n)+$/
const refusal = 'pynet: this server runs w and ps, and nothing else\n'
const lineCount = (text: string) => text.split('\n').length - 1

async function serve(...options: string[]): Promise<{ server: RunningProcess; port: number }> {
  const server = startPynet('wps-server', 0, ...local, ...options)
  return { server, port: await server.ready() }
}

describe.runIf(hasPs && hasW)('a request', () => {
  it('of ps or w, with or without a line end, gets all lines of the output', async () => {
    const { server, port } = await serve()
    for (const request of ['ps', 'ps\n', 'ps\r\n']) {
      const table = await ask(port, request)
      expect(table, request).toMatch(psTable)
      expect(table).toMatch(/\bps\n/)
    }
    const lines = lineCount(spawnSync('w', { encoding: 'utf8' }).stdout)
    for (const request of ['w', 'w\n', 'w\r\n']) {
      const answer = await ask(port, request)
      expect(answer, request).toMatch(/^[^\n]* load average: /)
      expect(lineCount(answer)).toBe(lines)
    }
    expect(String(server.stdout)).toMatch(/^(client is at \('127\.0\.0\.1', \d+\)\n){6}$/)
    expect(withoutStatus(String(server.stderr))).toBe('')
  })

  it('may come in segments: p alone is not whole, and a late newline costs no line', async () => {
    const { server, port } = await serve()
    const client = await connectRaw(port)
    await client.send('p')
    await server.waitFor('stdout', /client is at/)
    await client.expectSilence(50)
    await client.send('s')
    await client.send('\n')
    expect(String(await client.untilEnd())).toMatch(psTable)
  })

  it('is served while a silent client is waited for, and another has cut its connection', async () => {
    const { server, port } = await serve()
    const silent = await connectRaw(port)
    const failing = await connectRaw(port)
    await failing.send('p')
    await server.waitFor('stdout', /(client is at [^\n]*\n){2}/)
    failing.reset()
    expect(await ask(port, 'ps')).toMatch(psTable)
    await silent.send('ps')
    expect(String(await silent.untilEnd())).toMatch(psTable)
    expect(withoutStatus(String(server.stderr))).toBe('')
  })
})

it('any other request gets one line that says what is served, and the next is served', async () => {
  const { port } = await serve()
  const others = [
    'ls',
    'W',
    'w ',
    ' w',
    'ww',
    'wps',
    'ps -ef',
    'p\n',
    'w\r',
    'ps\n\n',
    '\n',
    '\0\0',
  ]
  for (const request of [...others, 'x'.repeat(1_000_000)]) {
    expect(await ask(port, request), JSON.stringify(request.slice(0, 9))).toBe(refusal)
  }
  const half = await connectRaw(port)
  await half.send('p')
  half.shutdown()
  expect(String(await half.untilEnd())).toBe(refusal)
})

describe.runIf(hasPs && hasW)('--omit-last-line', () => {
  it("leaves out the last line of the output, as the tutorial's does, but no refusal", async () => {
    const { port } = await serve('--omit-last-line')
    const answer = await ask(port, 'w')
    expect(lineCount(answer)).toBe(lineCount(spawnSync('w', { encoding: 'utf8' }).stdout) - 1)
    expect(answer).toMatch(/\n$/)
    expect(await ask(port, 'zz')).toBe(refusal)
  })
})

describe('--timeout', () => {
  it('drops a client that has not sent a whole request, as --verbose says, and serves on', async () => {
    const { server, port } = await serve('--timeout', '0.3', '--verbose')
    const [silent, half] = [await connectRaw(port), await connectRaw(port)]
    const begin = performance.now()
    await half.send('p')
    for (const client of [silent, half]) {
      expect(await client.untilEnd()).toHaveLength(0)
      expect(performance.now() - begin).toBeGreaterThan(250)
      await server.waitFor('stderr', new RegExp(`:${client.localPort}\\b[^\\n]* 0\\.3 s`))
      client.shutdown()
    }
    expect(await ask(port, 'zz')).toBe(refusal)
  })

  // 16.1 * 1000 is no whole number in floating point.
  it('of 16.1 seconds is no hindrance: a client is answered', async () => {
    const { port } = await serve('--timeout', '16.1')
    expect(await ask(port, 'zz')).toBe(refusal)
  })
})

describe.runIf(hasPs)('--verbose', () => {
  it('says of each client that it has left, or why it failed', async () => {
    const { server, port } = await serve('--verbose')
    const served = await connectRaw(port)
    await served.send('ps')
    await served.untilEnd()
    served.shutdown()
    await server.waitFor(
      'stderr',
      new RegExp(`^pynet: 127.0.0.1:${served.localPort} has left$`, 'm'),
    )
    const lost = await connectRaw(port)
    await server.waitFor('stdout', new RegExp(`, ${lost.localPort}\\)`))
    lost.reset()
    await server.waitFor('stderr', new RegExp(`^pynet: lost .*:${lost.localPort}\\b`, 'm'))
    expect(lineCount(withoutStatus(String(server.stderr)))).toBe(2)
  })
})

describe('stderr', () => {
  const warning =
    /^pynet: anyone who can reach this port sees .* \(--host 127\.0\.0\.1 keeps .*\)\n$/

  it('warns in one line where other machines can connect, and nowhere else', async () => {
    const servers = [[], local, ['--host', 'localhost']].map((host) =>
      startPynet('wps-server', 0, ...host),
    )
    for (const [index, server] of servers.entries()) {
      await server.ready()
      await delay(50)
      server.kill('SIGTERM')
      const { stderr } = await server.finished()
      expect(withoutStatus(stderr)).toMatch(index === 0 ? warning : /^$/)
    }
  })
})
