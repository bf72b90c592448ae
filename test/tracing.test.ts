// --trace, --trace-file and --summary of real programs: what they show, and that they harm nothing.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Trace, TraceCall } from '../src/trace/format.ts'
import { parseTrace } from '../src/trace/parse-trace.ts'
import { expectFailure } from './support/expectations.ts'
import { pynetPath, runPynet, start, startPynet } from './support/processes.ts'
import { hasFile } from './support/requirements.ts'
import { connectRaw } from './support/wire.ts'

const local = ['--host', '127.0.0.1'] as const

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pynet-trace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function traceIn(path: string): Promise<Trace> {
  return parseTrace(await readFile(path, 'utf8'), path)
}

const names = (trace: Trace) => trace.calls.map(({ call }) => call)

function bytesOf(trace: Trace, call: TraceCall['call']): number {
  const calls = trace.calls.filter((each) => each.call === call)
  return calls.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
}

describe('--trace-file', () => {
  it('of both ends of an echo is in order, and each has the bytes of the other', async () => {
    const folder = await temporaryFolder()
    const [theirs, ours] = [join(folder, 'server'), join(folder, 'client')]
    const options = ['--go-ahead', 'now', '--copies', 1000, '--trace-file', theirs] as const
    const server = startPynet('echo-server', 0, ...local, ...options)
    const port = await server.ready()
    const client = await runPynet('echo-client', '127.0.0.1', port, 'abc', '--trace-file', ours)
    expect(client.stderr).toBe('')
    expect((await server.finished()).status).toBe(0)

    const [serverTrace, clientTrace] = [await traceIn(theirs), await traceIn(ours)]
    expect(serverTrace.header).toMatchObject({ program: 'echo-server', pid: server.pid })
    expect(clientTrace.header.program).toBe('echo-client')
    expect(names(clientTrace).slice(0, 2)).toEqual(['connect', 'sendAll'])
    expect(names(clientTrace).at(-1)).toBe('close')
    expect(names(serverTrace).slice(0, 3)).toEqual(['listen', 'accept', 'recv'])
    expect(bytesOf(clientTrace, 'sendAll')).toBe(bytesOf(serverTrace, 'recv'))
    expect(bytesOf(serverTrace, 'sendAll')).toBe(3000)
    expect(bytesOf(clientTrace, 'recv')).toBe(3000)
    const connected = clientTrace.calls.find(({ call }) => call === 'connect')
    const accepted = serverTrace.calls.find(({ call }) => call === 'accept')
    expect(accepted?.remote).toEqual(connected?.local)

    const ladder = await runPynet('ladder', ours, theirs)
    const drawing = Buffer.from(ladder.stdout, 'latin1').toString()
    expect(ladder.stderr).toBe('')
    expect(drawing).toContain('[0:3]')
    expect(drawing).toMatch(/: 3 bytes in 1 send and 1 receive$/m)
    expect(drawing).toMatch(/: 3,000 bytes in 1 send and \d+ receives?$/m)
  })

  it('of programs that could not even start is a trace that can be read', async () => {
    const folder = await temporaryFolder()
    const [server, client] = [join(folder, 'server'), join(folder, 'client')]
    const held = startPynet('str-server', 0, ...local)
    const port = await held.ready()
    const file = ['--trace-file', server] as const
    expect((await runPynet('str-server', port, ...local, ...file)).status).toBe(1)
    const refused = await runPynet('wps-client', '127.0.0.1', 1, 'w', '--trace-file', client)
    expect(refused.status).toBe(1)
    expect((await traceIn(server)).calls).toMatchObject([{ call: 'listen', error: 'EADDRINUSE' }])
    expect((await traceIn(client)).calls).toMatchObject([
      { call: 'connect', error: 'ECONNREFUSED' },
    ])
  })

  it('of a killed program has every call that had returned', async () => {
    const path = join(await temporaryFolder(), 'trace')
    const server = startPynet('str-server', 0, ...local, '--clients', 1, '--trace-file', path)
    const port = await server.ready()
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    client.write('ab\n')
    await client.waitFor('stdout', /ab\nenter a letter:$/)
    server.kill('SIGKILL')
    await server.exit
    const trace = await traceIn(path)
    expect(bytesOf(trace, 'tryRecv')).toBe(2)
    // The client may have the last reply before the server has noted that it is sent.
    expect([1, 3]).toContain(bytesOf(trace, 'sendAll'))
    client.end()
    await client.exit
  })

  it('that cannot be written is an error that names it', async () => {
    const path = join(await temporaryFolder(), 'no', 'such', 'folder')
    const refused = await runPynet('echo-server', 0, ...local, '--trace-file', path)
    expectFailure(refused, `cannot write the trace ${path}: no such file or directory`)
    const nameless = await runPynet('echo-server', 0, ...local, '--trace-file', '')
    expectFailure(nameless, 'cannot write the trace "": no such file or directory')
  })

  it.runIf(hasFile('/dev/full', 'a trace on a full disk'))(
    'on a full disk is an error in the end, and the program does its work',
    async () => {
      const options = ['--go-ahead', 'now', '--copies', 1, '--trace-file', '/dev/full'] as const
      const server = startPynet('echo-server', 0, ...local, ...options)
      const client = await runPynet('echo-client', '127.0.0.1', await server.ready(), 'abc')
      expect(client.stdout).toBe('abc\nreceived 3 bytes\n\n')
      const { stderr, status } = await server.finished()
      expect(status).toBe(1)
      const told = stderr.match(
        /^pynet: cannot write the trace \/dev\/full: no space left on device$/gm,
      )
      expect(told).toHaveLength(1)
    },
  )

  it('that fills its disk in the middle of a session is an error too, and can be read', async () => {
    // 2 blocks of 512 bytes: the header and a few calls
    const path = join(await temporaryFolder(), 'trace')
    const words = [process.execPath, pynetPath, 'str-server', '0', ...local].join("' '")
    const script = `trap '' XFSZ; ulimit -f 2; exec '${words}' --clients 1 --trace-file "$TRACE"`
    const server = start('/bin/sh', ['-c', script], { env: { TRACE: path } })
    const port = await server.ready()
    const input = `${'a\n'.repeat(20)}\n`
    const client = await runPynet('str-client', '127.0.0.1', port, { input })
    expect(client.stdout).toContain(`enter a letter:${'a'.repeat(20)}\n`)
    const { stderr, stdout, status } = await server.finished()
    expect(stdout).toBe(`the final value of v is ${'a'.repeat(20)}\n`)
    expect(stderr.match(/cannot write the trace .*: file too large$/gm)).toHaveLength(1)
    expect(status).toBe(1)
    expect(names(await traceIn(path)).slice(0, 2)).toEqual(['listen', 'accept'])
  })

  it.runIf(hasFile('/dev/full', 'a trace on a full disk'))(
    'on a full disk leaves the exit code of a signal as it is',
    async () => {
      const server = startPynet('wps-server', 0, ...local, '--trace-file', '/dev/full')
      await server.ready()
      server.kill('SIGTERM')
      expect((await server.finished()).status).toBe(143)
    },
  )
})

describe('--trace', () => {
  it('shows the calls in their order, and a wait while it lasts', async () => {
    const server = startPynet('echo-server', 0, ...local, '--copies', 2, '--trace', {
      stdin: 'pipe',
    })
    const port = await server.ready()
    await server.waitFor('stderr', /\] accept … blocked on 127\.0\.0\.1:\d+\n/)
    const client = startPynet('echo-client', '127.0.0.1', port, 'abc', '--trace')
    await server.waitFor('stderr', /\] recv .*3 bytes "abc" from 127\.0\.0\.1:\d+/)
    await client.waitFor('stderr', /\] recv … blocked from 127\.0\.0\.1:\d+\n/)
    server.write('\n')
    const { stderr, stdout } = await client.finished()
    expect(stdout).toBe('abcabc\nreceived 6 bytes\n\n')
    const calls = [...stderr.matchAll(/^\[ *\d+\.\d{3} s\] (\w+ [^\n]*)\n/gm)].map(([, call]) =>
      call?.replaceAll(/\d+\.\d{3} s/g, 'TIME').replaceAll(/:\d+/g, ':PORT'),
    )
    const peer = '127.0.0.1:PORT'
    expect(calls[0]).toMatch(/^connect (blocked TIME )?to 127\.0\.0\.1:PORT from 127\.0\.0\.1:PORT/)
    expect(calls[1]?.replace('blocked TIME ', '')).toBe(`sendAll 3 bytes "abc" to ${peer}`)
    expect(calls).toContain(`recv blocked TIME 6 bytes "abcabc" from ${peer}`)
    expect(calls.at(-1)).toMatch(/^close (blocked TIME )?with /)
    await server.waitFor('stderr', /keyboard blocked \d+\.\d+ s Enter/)
  })
})

describe('what a program gives up', () => {
  it('at Ctrl-C is no end of input and no failure: the wait for a key', async () => {
    const path = join(await temporaryFolder(), 'trace')
    const options = ['--trace', '--summary', '--trace-file', path] as const
    const server = startPynet('echo-server', 0, ...local, ...options, { stdin: 'pipe' })
    const client = startPynet('echo-client', '127.0.0.1', await server.ready(), 'abc')
    await server.waitFor('stderr', /\] keyboard … blocked\n/)
    server.kill('SIGINT')
    const { stderr, status } = await server.finished()
    await client.exit
    expect(status).toBe(130)
    expect(stderr).toMatch(/^\[.*\] keyboard blocked \d+\.\d+ s given up$/m)
    expect(stderr).toMatch(/^ {2}keyboard .* 1 given up$/m)
    expect(stderr).not.toMatch(/failed|end of input/)
    const keyboard = (await traceIn(path)).calls.filter(({ call }) => call === 'keyboard')
    expect(keyboard).toMatchObject([{ error: 'ERR_ABORTED' }])
  })

  it('when its only client is lost is the wait for a key', async () => {
    const server = startPynet('echo-server', 0, ...local, '--trace', { stdin: 'pipe' })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    await server.waitFor('stderr', /\] recv given up from /)
    client.reset()
    const { stderr, status } = await server.finished()
    expect(status).toBe(1)
    expect(stderr).toMatch(/ecv failed \(ECONNRESET\) from /)
    expect(stderr).toMatch(/\] keyboard given up\b/)
  })

  it('at the end of a server that goes on for ever is the next accept', async () => {
    const server = startPynet('wps-server', 0, ...local, '--trace', '--summary')
    const client = await connectRaw(await server.ready())
    await client.send('no')
    await client.untilEnd()
    client.shutdown()
    await server.waitFor('stderr', /\] close .*with /)
    server.kill('SIGINT')
    const { stderr } = await server.finished()
    expect(stderr).toMatch(/^\[.*\] accept .*given up on /m)
    expect(stderr).toMatch(/^ {2}accept +2 × .* 1 given up$/m)
    expect(stderr).not.toContain('failed')
  })
})

describe('--summary', () => {
  it('counts what both ends did, and the would-blocks of a polling server', async () => {
    const options = ['--clients', 1, '--poll', 'nonblocking', '--summary'] as const
    const server = startPynet('str-server', 0, ...local, ...options)
    const port = await server.ready()
    const input = 'a\nb\n\n'
    const client = await runPynet('str-client', '127.0.0.1', port, '--summary', { input })
    expect(client.stdout).toContain('enter a letter:ab\n')
    expect(client.stderr).toMatch(/^summary of str-client\n/)
    expect(client.stderr).toMatch(/^ {2}sendAll +2 × +2 bytes +blocked/m)
    expect(client.stderr).toMatch(/^ {2}recv +2 × +3 bytes +blocked/m)
    expect(client.stderr).toMatch(/^ {2}chunks of recv: smallest 1, median 1\.5, largest 2 bytes$/m)
    const { stderr } = await server.finished()
    expect(stderr).toMatch(/^ {2}tryRecv +[\d,]+ × {2}would block$/m)
    expect(stderr).toMatch(/^ {2}processor time \d+\.\d{3} s of \d+\.\d{3} s wall time$/m)
  })

  it('is shown by a program that a signal ends', async () => {
    const server = startPynet('wps-server', 0, ...local, '--summary')
    await server.ready()
    server.kill('SIGTERM')
    const { stderr, status } = await server.finished()
    expect(status).toBe(143)
    expect(stderr).toMatch(/^summary of wps-server\n {2}listen +1 ×/m)
  })
})
