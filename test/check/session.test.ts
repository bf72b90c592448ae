// What a step does with a program: started on a port that is free, found ready, ended with all of it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { check, type StepResult } from '../../src/check/check.ts'
import { TimeLimit, TimeLimitError } from '../../src/check/deadline.ts'
import { OUTPUT_LIMIT_BYTES } from '../../src/check/program-output.ts'
import { startServer } from '../../src/check/server-program.ts'
import { Session } from '../../src/check/session.ts'
import type { Step } from '../../src/check/step.ts'
import { isRunning } from '../support/proc.ts'
import { pynetPath, startPynet } from '../support/processes.ts'
import { hasIpv6, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'

const hasSetsid = hasProgram('setsid', 'check')
const settings = { seed: 1, timeoutMs: 5000, copies: undefined, goAheadInput: '\n' }
const connects: Step = {
  name: 'lets a client connect',
  section: '2.1',
  async run(session) {
    const { client } = await startServer(session)
    await client.expectNothing(100, 'while it waits')
    return undefined
  },
}

function run(command: readonly string[], timeoutMs = 5000): Promise<StepResult[]> {
  const { signal } = new AbortController()
  return check([connects], { ...settings, command, timeoutMs }, signal)
}

/** A server in a line of JavaScript that accepts clients and does nothing more. */
function listening(host: string, before = ''): string[] {
  const script = `${before}; require('node:net').createServer(() => {}).listen({port}, '${host}')`
  return [process.execPath, '-e', script]
}

/**
 * Two processes that leave the program's group, and what it does when it knows their numbers: one
 * begins a session of its own and ignores SIGTERM, the other is a daemon (a double fork).
 */
function leavingGroup(file: string, then: string): string[] {
  const script = `
    : > ${file}
    setsid sh -c 'trap "" TERM; echo $$ >> ${file}; exec sleep 300' &
    setsid sh -c 'sleep 300 & echo $! >> ${file}' &
    until [ "$(wc -l < ${file})" -eq 2 ]; do sleep 0.01; done
    ${then}`
  return ['sh', '-c', script, 'sh']
}

function pidsIn(file: string): number[] {
  const pids = readFileSync(file, 'latin1').trim().split(/\s+/).map(Number)
  expect(pids).toHaveLength(2)
  return pids
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-check-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('a server under check', () => {
  it('gets the connection that found it ready as its only one', async () => {
    const only = `
      const server = require('node:net').createServer((client) => {
        if (server.isTaken) process.exit(1)
        server.isTaken = true
      }).listen({port}, '127.0.0.1')`
    const [result] = await run([process.execPath, '-e', only])
    expect(result?.outcome.is).toBe('held')
  })

  it.runIf(hasIpv6('check of a server on ::1'))(
    'is found on ::1 where 127.0.0.1 refuses',
    async () => {
      const [result] = await run(listening('::1'))
      expect(result?.outcome.is).toBe('held')
    },
  )

  it('gets another port when it ends before anyone could connect', async () => {
    const mark = join(temporaryFolder(), 'mark')
    const script = `mkdir ${mark} && exit 1; exec "$@"`
    const [result] = await run(['sh', '-c', script, 'sh', ...listening('127.0.0.1')])
    expect(result?.outcome.is).toBe('held')
  })

  it('cannot be checked when it never listens: it is not waited for longer than the limit', async () => {
    const [result] = await run(['sleep', '60'], 200)
    expect(result?.outcome).toMatchObject({
      is: 'unchecked',
      why: expect.stringMatching(
        /^it accepts no connection on port \d+ within 0\.2 s: write \{port\}/,
      ),
    })
  })

  it('has failed a later step when it does not start any more', async () => {
    const mark = join(temporaryFolder(), 'mark')
    const command = [
      'sh',
      '-c',
      `mkdir ${mark} || exit 7; exec "$@"`,
      'sh',
      ...listening('127.0.0.1'),
    ]
    const { signal } = new AbortController()
    const results = await check([connects, connects], { ...settings, command }, signal)
    expect(results.map(({ outcome }) => outcome.is)).toEqual(['held', 'failed'])
    expect(results[1]?.outcome).toMatchObject({ failure: { ending: 'ended with exit code 7' } })
  })
})

describe('the time limit', () => {
  it('does not count the time in which this process had no turn', async () => {
    const limit = new TimeLimit(150)
    const until = performance.now() + 300
    while (performance.now() < until) {
      // As on a machine that is too busy to let us run.
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect(limit.signal.aborted).toBe(false)
    await expect.poll(() => limit.signal.aborted).toBe(true)
    expect(limit.signal.reason).toBeInstanceOf(TimeLimitError)
  })
})

describe('when a step is over', () => {
  it('nothing of the program is left: not its children, nor what ignores SIGTERM', async () => {
    const file = join(temporaryFolder(), 'pids')
    const script = `trap "" TERM; sleep 60 & echo $$ $! > ${file}; "$@"`
    const [result] = await run(['sh', '-c', script, 'sh', ...listening('127.0.0.1')])
    expect(result?.outcome.is).toBe('held')
    expect(pidsIn(file).filter(isRunning)).toEqual([])
  })

  it.runIf(hasSetsid)('nothing is left of what has left its group either', async () => {
    const file = join(temporaryFolder(), 'pids')
    const [result] = await run([...leavingGroup(file, 'exec "$@"'), ...listening('127.0.0.1')])
    expect(result?.outcome.is).toBe('held')
    expect(pidsIn(file).filter(isRunning)).toEqual([])
  })

  it.runIf(hasSetsid)('nor where check is ended by SIGINT, or is itself under check', async () => {
    const folder = temporaryFolder()
    const [outer, inner] = [join(folder, 'outer'), join(folder, 'inner')]
    const checking = [pynetPath, 'check', 'echo-server', ...leavingGroup(inner, 'sleep 300')]
    const words = checking.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    const command = leavingGroup(outer, `trap "" TERM; '${process.execPath}' ${words}`)
    const { kill, exit } = startPynet('check', 'echo-server', '--', ...command)
    const isThere = () => existsSync(inner) && readFileSync(inner, 'latin1').split('\n').length > 2
    await waitUntil(isThere, 'the program of the inner check has started')
    kill('SIGINT')
    expect((await exit).status).toBe(130)
    expect([...pidsIn(outer), ...pidsIn(inner)].filter(isRunning)).toEqual([])
  })

  it('an interrupted check leaves nothing either, and has a result for every step', async () => {
    const interruption = new AbortController()
    const file = join(temporaryFolder(), 'pid')
    const command = ['sh', '-c', `trap "" TERM; echo $$ > ${file}; while :; do sleep 60; done`]
    const step: Step = {
      ...connects,
      async run(session) {
        setTimeout(() => interruption.abort(new Error('interrupted')), 100)
        return await connects.run(session)
      },
    }
    const results = await check([step, step], { ...settings, command }, interruption.signal)
    expect(results.map(({ outcome }) => outcome.is)).toEqual(['unchecked', 'unchecked'])
    const pid = Number(readFileSync(file, 'latin1'))
    expect(isRunning(pid)).toBe(false)
  })
})

describe('what a program prints', () => {
  it('is kept up to 1 MiB, and the program goes on', async () => {
    const printed = `process.stdout.write('x'.repeat(3e6), () => console.error('all of it'))`
    const session = new Session(
      { ...settings, command: listening('127.0.0.1', printed) },
      new AbortController().signal,
    )
    onTestFinished(() => session.close())
    const { program } = await startServer(session)
    await expect.poll(() => program.stderr.bytes.toString()).toBe('all of it\n')
    expect(program.stdout.bytes).toHaveLength(OUTPUT_LIMIT_BYTES)
  })
})
