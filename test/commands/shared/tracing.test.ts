// --trace, --trace-file and --summary of real programs: what they show, and that they harm nothing.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Trace, TraceCall } from '../../../src/trace/format.ts'
import { parseTrace } from '../../../src/trace/parse-trace.ts'
import { expectFailure } from '../../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../../support/processes.ts'
import { hasFile } from '../../support/requirements.ts'
import { connectRaw, listenRaw, unusedPort } from '../../support/wire.ts'

const local = ['--host', '127.0.0.1'] as const

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-trace-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const traceIn = (path: string): Trace => parseTrace(readFileSync(path, 'utf8'), path)
const names = (trace: Trace) => trace.calls.map(({ call }) => call)

function bytesOf(trace: Trace, call: TraceCall['call']): number {
  const calls = trace.calls.filter((each) => each.call === call)
  return calls.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
}

describe('a plain echo session', () => {
  it('is the calls of the listings in their order, at both ends', async () => {
    const folder = temporaryFolder()
    const [theirs, ours] = [join(folder, 'server'), join(folder, 'client')]
    const options = ['--copies', 1000, '--trace-file', theirs] as const
    const server = startPynet('echo-server', 0, ...local, ...options, { stdin: 'pipe' })
    const port = await server.ready()
    const asking = startPynet(
      'echo-client',
      '127.0.0.1',
      port,
      'abc',
      '--trace',
      '--trace-file',
      ours,
    )
    await asking.waitFor('stderr', /recv … blocked/)
    server.write('\n')
    expect((await asking.finished()).stderr).not.toMatch(/tryRecv|gave up|given up|failed/)
    expect((await server.finished()).status).toBe(0)

    const [served, asked] = [traceIn(theirs), traceIn(ours)]
    const returned = (trace: Trace) => names(trace).filter((_, i) => !trace.calls[i]?.waiting)
    // Each end of data is a recv of its own; one recv may bring any part of the echo.
    expect(returned(served).join(' ')).toMatch(
      /^listen accept recv recv keyboard sendAll close( close)?$/,
    )
    expect(returned(asked).join(' ')).toMatch(/^connect sendAll shutdown( recv)+ recv close$/)
    expect(served.calls.concat(asked.calls).every(({ error }) => error === undefined)).toBe(true)
    expect(bytesOf(served, 'recv')).toBe(3)
    expect(bytesOf(asked, 'recv')).toBe(3000)
    const connected = asked.calls.find(({ call }) => call === 'connect')
    const accepted = served.calls.find(({ call, waiting }) => call === 'accept' && !waiting)
    expect(accepted?.remote).toEqual(connected?.local)
    // The first recv begins when sendAll has returned; a millisecond is as exact as a trace is.
    const first = (name: string) =>
      asked.calls.find(({ call }) => call === name) ?? expect.fail(name)
    const { at, blocked = 0 } = first('recv')
    expect(at - blocked).toBeGreaterThan(first('sendAll').at - 1)
  })
})

describe('a trace file', () => {
  it('of programs that could not even start can be read, or was left as it was', async () => {
    const folder = temporaryFolder()
    const [ofServer, ofClient] = [join(folder, 'server'), join(folder, 'client')]
    const { port } = await listenRaw()
    const held = await runPynet('str-server', port, ...local, '--trace-file', ofServer)
    expect(held.status).toBe(1)
    expect(traceIn(ofServer).calls).toMatchObject([{ call: 'listen', error: 'EADDRINUSE' }])
    // An old trace is not lost to a client that never connected.
    writeFileSync(ofClient, 'an old trace\n')
    const words = ['wps-client', '127.0.0.1', await unusedPort(), 'w', '--trace-file', ofClient]
    expect((await runPynet(...words)).status).toBe(1)
    expect(readFileSync(ofClient, 'utf8')).toBe('an old trace\n')
  })

  it('of a killed program has every call that had returned, and what it was blocked in', async () => {
    const path = join(temporaryFolder(), 'trace')
    const server = startPynet('echo-server', 0, ...local, '--trace', '--trace-file', path, {
      stdin: 'pipe',
    })
    const client = await connectRaw(await server.ready())
    await client.send('abc')
    client.shutdown()
    await server.waitFor('stderr', /keyboard … blocked/)
    server.kill('SIGKILL')
    await server.exit
    const trace = traceIn(path)
    expect(bytesOf(trace, 'recv')).toBe(3)
    expect(trace.calls.at(-1)).toMatchObject({ call: 'keyboard', waiting: true })
  })

  it('that cannot be written is an error that names it, before anything starts', async () => {
    const path = join(temporaryFolder(), 'no', 'such', 'folder')
    const refused = await runPynet('echo-server', 0, ...local, '--trace-file', path)
    expectFailure(refused, `cannot write the trace ${path}: no such file or directory`)
    expect(refused.stderr).not.toContain('listening')
    const nameless = await runPynet('echo-server', 0, ...local, '--trace-file', '')
    expectFailure(nameless, 'cannot write the trace "": no such file or directory')
  })

  it('that another living program writes is an error, and not a mixture', async () => {
    const path = join(temporaryFolder(), 'trace')
    const first = startPynet('str-server', 0, ...local, '--trace-file', path)
    await first.ready()
    const second = await runPynet('str-server', 0, ...local, '--trace-file', path)
    expectFailure(second, path)
    expect(second.stderr).not.toContain('listening')
    expect(traceIn(path).header.pid).toBe(first.pid)
  })

  it.runIf(hasFile('/dev/full', 'a trace on a full disk'))(
    'on a full disk is an error in the end, told once; the work is done, a signal stays one',
    async () => {
      const [served, interrupted] = [
        startPynet('echo-server', 0, ...local, '--go-ahead', 'now', '--trace-file', '/dev/full'),
        startPynet('wps-server', 0, ...local, '--trace-file', '/dev/full'),
      ]
      const client = await connectRaw(await served.ready())
      await client.send('a')
      client.shutdown()
      expect(await client.untilEnd()).toHaveLength(10_000)
      const { stderr, status } = await served.finished()
      expect(status).toBe(1)
      const told = /^pynet: cannot write the trace \/dev\/full: no space left on device$/gm
      expect(stderr.match(told)).toHaveLength(1)
      await interrupted.ready()
      interrupted.kill('SIGTERM')
      expect((await interrupted.finished()).status).toBe(143)
    },
  )

  it("that is the program's own input is refused, and stays as it is", async () => {
    const path = join(temporaryFolder(), 'input')
    writeFileSync(path, 'hello\n')
    const script = 'pynet echo-client 127.0.0.1 1 - --trace-file "$INPUT" < "$INPUT"'
    const { stderr, status } = await startShell(script, { env: { INPUT: path } }).finished()
    const why = 'the program reads it as its standard input; name another file'
    expect(stderr).toBe(`pynet: cannot write the trace ${path}: ${why}\n`)
    expect(status).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe('hello\n')
  })

  it('that fills its disk in the middle of a session is an error too, and can be read', async () => {
    // 2 blocks of 512 bytes: the header and a few calls.
    const path = join(temporaryFolder(), 'trace')
    const command = '"$PYNET_NODE" "$PYNET_PROGRAM" str-server 0 --host 127.0.0.1 --clients 1'
    const limited = `trap '' XFSZ; ulimit -f 2; exec ${command} --trace-file "$TRACE"`
    const server = startShell(limited, { env: { TRACE: path } })
    const client = await connectRaw(await server.ready())
    await client.send('a'.repeat(20))
    client.shutdown()
    await client.untilEnd()
    const { stderr, stdout, status } = await server.finished()
    expect(stdout).toBe(`the final value of v is ${'a'.repeat(20)}\n`)
    expect(stderr.match(/cannot write the trace .*: file too large$/gm)).toHaveLength(1)
    expect(status).toBe(1)
    expect(names(traceIn(path)).slice(0, 2)).toEqual(['listen', 'accept'])
  })

  it('that is a FIFO nobody reads keeps no program from its work, nor from ending', async () => {
    const path = join(temporaryFolder(), 'fifo')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    const server = startPynet(
      'echo-server',
      0,
      ...local,
      '-k',
      '--go-ahead',
      'now',
      '--trace-file',
      path,
    )
    // With a FIFO without a reader it may refuse to start, in one line; it never hangs.
    const ready = await Promise.race([server.ready().catch(() => undefined), server.exit])
    if (typeof ready === 'number') {
      const client = await connectRaw(ready)
      await client.send('a')
      client.shutdown()
      expect(await client.untilEnd()).toHaveLength(10_000)
      server.kill('SIGINT')
      expect((await server.finished()).status).toBe(130)
    } else {
      expectFailure(await server.finished(), path)
    }
  })
})

describe('--trace and --summary', () => {
  it('show a wait while it lasts, and what was given up at the end', async () => {
    const server = startPynet('wps-server', 0, ...local, '--trace', '--summary')
    const port = await server.ready()
    await server.waitFor('stderr', /^\[ *\d+\.\d{3} s\] accept … blocked on 127\.0\.0\.1:\d+$/m)
    const client = await connectRaw(port)
    await client.send('no')
    await client.untilEnd()
    client.shutdown()
    const peer = `127.0.0.1:${client.localPort}`
    await server.waitFor('stderr', new RegExp(`\\] recv [^\\n]*"no"[^\\n]* from ${peer}`))
    await server.waitFor('stderr', new RegExp(`\\] close [^\\n]*with ${peer}`))
    await delay(120)
    server.kill('SIGTERM')
    const { stderr, status } = await server.finished()
    expect(status).toBe(143)
    expect(stderr).toMatch(/\] accept [^\n]*given up on /)
    expect(stderr).toMatch(/^summary of wps-server\n {2}listen +1 ×/m)
    expect(stderr).not.toMatch(/failed|end of input/)
  })

  it('count what both ends of str did, and the would-blocks of a server that polls', async () => {
    const options = ['--clients', 1, '--poll', 'nonblocking', '--summary'] as const
    const server = startPynet('str-server', 0, ...local, ...options)
    const words = ['str-client', '127.0.0.1', await server.ready(), '--summary'] as const
    const client = await runPynet(...words, { input: 'a\nb\n\n' })
    expect(client.stdout).toContain('enter a letter:ab\n')
    expect(client.stderr).toMatch(/^summary of str-client\n/)
    expect(client.stderr).toMatch(/^ {2}sendAll +2 × +2 bytes +blocked/m)
    expect(client.stderr).toMatch(/^ {2}recv +2 × +3 bytes +blocked/m)
    expect(client.stderr).toMatch(/^ {2}chunks of recv: smallest 1, median 1\.5, largest 2 bytes$/m)
    const { stderr } = await server.finished()
    expect(stderr).toMatch(/^ {2}tryRecv +[\d,]+ × .*would/m)
    expect(stderr).toMatch(/^ {2}processor time \d+\.\d{3} s of \d+\.\d{3} s wall time$/m)
  })
})
