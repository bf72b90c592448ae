// Real programs under `pynet watch`: their calls in order, and streams that are true to the byte.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTrace } from '../../src/trace/parse-trace.ts'
import { startPynet } from '../support/processes.ts'
import { hasProgram, hasPython, python, reportMissing } from '../support/requirements.ts'
import { connectRaw } from '../support/wire.ts'
import {
  callsWith,
  canWatch,
  expectStreams,
  joinedBytes,
  names,
  peer,
  program,
  programPath,
  startWatched,
  temporaryFolder,
  type Watched,
} from '../watch/watching.ts'

const isWatchable = canWatch('real programs under watch')
const hasPeers = isWatchable && hasPython('Python programs under watch')
if (spawnSync('go', ['version']).status !== 0) reportMissing('go', 'a Go server under watch')

/** Two clients at a time, each with bytes of its own in three pieces; returns their ports and bytes. */
async function talk(server: Watched): Promise<{ port: number; bytes: Buffer }[]> {
  const port = await server.ready()
  const clients = [await connectRaw(port), await connectRaw(port)]
  const talks = clients.map(async (client) => {
    const pieces = [randomBytes(50), randomBytes(7), randomBytes(300)]
    let length = 0
    for (const piece of pieces) {
      await client.send(piece)
      length += piece.length
      await client.waitForBytes(length)
    }
    client.shutdown()
    const bytes = Buffer.concat(pieces)
    expect((await client.untilEnd()).equals(bytes)).toBe(true)
    return { port: client.localPort, bytes }
  })
  return Promise.all(talks)
}

async function expectEcho(server: Watched): Promise<void> {
  const clients = await talk(server)
  const { status, stdout } = await server.finished()
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  for (const { port, bytes } of clients) {
    const calls = callsWith(server.trace(), port)
    expectStreams(calls, { sent: bytes, received: bytes })
    const [first, ...others] = names(calls).filter((name) => !/^set|^shutdown/.test(name))
    expect(first).toBe('accept')
    expect(others.slice(0, 2)).toEqual(['recv', 'send'])
    expect(others.at(-1)).toBe('close')
    expect(calls.filter(({ bytes: count }) => count === 0)).toHaveLength(1)
  }
}

describe.runIf(hasPeers)('a Python server for several clients', () => {
  test.each(['selectors', 'asyncio'])(
    'built with %s: one process, and no call is lost',
    async (kind) => {
      const server = startWatched(program('servers.py', kind))
      await expectEcho(server)
      const { calls } = server.trace()
      expect(calls.some((call) => call.process !== undefined)).toBe(false)
      const ready = calls.filter(({ call, socket }) => call === 'select' && socket !== undefined)
      expect(ready.length).toBeGreaterThan(5)
      expect(names(calls).filter((name) => name.startsWith('setblocking'))).not.toHaveLength(0)
    },
  )

  test.each(['threads', 'forks', 'preforked', 'passed'])(
    'built with %s: each call names its process, and the streams are whole',
    async (kind) => {
      const server = startWatched(program('servers.py', kind))
      await expectEcho(server)
      const { calls } = server.trace()
      const processes = new Set(
        calls.filter(({ call }) => call === 'send').map(({ process }) => process),
      )
      expect(processes.size).toBe(kind === 'passed' ? 1 : 2)
      expect(processes).not.toContain(undefined)
    },
  )

  test('that becomes another program: the socket keeps number and offsets', async () => {
    const server = startWatched(program('servers.py', 'executed'))
    const port = await server.ready()
    const first = await connectRaw(port)
    await first.untilEnd()
    const client = await connectRaw(port)
    await client.send('before')
    await client.waitForBytes(6)
    await client.send(' and after')
    client.shutdown()
    await client.untilEnd()
    await server.finished()
    const bytes = Buffer.from('before and after')
    const calls = callsWith(server.trace(), client.localPort)
    expectStreams(calls, { sent: bytes, received: bytes })
    // The listener went with execve: Python marks its sockets.
    const closed = server.trace().calls.filter(({ call, remote }) => call === 'close' && !remote)
    expect(closed).toHaveLength(1)
  })
})

describe.runIf(isWatchable)('a server in another language', () => {
  test.runIf(hasProgram('java', 'a Java server'))(
    'Java: threads, and sockets of IPv6',
    async () => {
      const server = startWatched(['java', '-XX:TieredStopAtLevel=1', programPath('Server.java')])
      await expectEcho(server)
      // What the JVM only tries out is left out.
      const sockets = server.trace().calls.filter(({ call }) => call === 'socket')
      expect(sockets).toHaveLength(1)
    },
  )

  test('JavaScript: the nonblocking sockets of libuv', async () => {
    await expectEcho(startWatched([process.execPath, programPath('server.mjs')]))
  })
})

const hasCompiler = hasProgram('gcc', 'C clients under watch')

describe.runIf(isWatchable && hasCompiler)('a C client', () => {
  test('is joined with our server, whichever calls it uses', async () => {
    const folder = temporaryFolder()
    const binary = join(folder, 'client')
    const compiled = spawnSync('gcc', ['-o', binary, programPath('client.c')])
    expect(compiled.stderr.toString()).toBe('')
    const file = join(folder, 'server.ndjson')
    const options = ['--copies', '1', '--go-ahead', 'now', '--keep-open', '--trace-file', file]
    const server = startPynet('echo-server', 0, ...options)
    const port = String(await server.ready())
    const kinds = ['file', 'socket', 'vector', 'message']
    const clients = kinds.map((kind) => startWatched([binary, port, kind]))
    const bytes = Buffer.from('the quick brown fox jumps over the lazy dog\n')
    for (const client of clients) {
      const { stdout, status } = await client.finished()
      expect({ stdout, status }).toEqual({ stdout: bytes.toString(), status: 0 })
      const { calls } = client.trace()
      const [socket, ...others] = names(calls)
      expect(socket).toBe('socket')
      expect(others.slice(0, 5)).toEqual(['connect', 'send', 'send', 'send', 'shutdown'])
      expectStreams(calls.slice(1), { sent: bytes, received: bytes })
    }
    server.kill('SIGTERM')
    await server.finished()
    const theirs = parseTrace(readFileSync(file, 'utf8'), 'server')
    const joined = joinedBytes(...clients.map((client) => client.trace()), theirs)
    expect(joined).toEqual(kinds.map(() => [bytes.length, bytes.length]))
  })
})

describe.runIf(hasPeers)("the listings' twins", () => {
  test('echo: both ends under watch are joined, and the ladder shows who waited for whom', async () => {
    const server = startWatched(peer('echo_server', 0))
    const client = startWatched(peer('echo_client', '127.0.0.1', await server.ready(), 'abc'))
    await server.waitFor('stdout', /client is at/)
    server.write('\n')
    await Promise.all([server.finished(), client.finished()])
    expect(names(client.trace().calls)).toEqual([
      'socket',
      'connect',
      'send',
      ...receipts(client),
      'close',
    ])
    expect(names(server.trace().calls)).toEqual([
      ...['socket', 'setsockopt(SO_REUSEADDR, 1)', 'bind', 'listen', 'accept', 'recv', 'send'],
      ...['close', 'close'],
    ])
    expect(joinedBytes(client.trace(), server.trace())).toEqual([[3, 30_000]])
    const ladder = startPynet('ladder', client.traceFile, server.traceFile)
    const { stdout, stderr } = await ladder.finished()
    expect(stderr).toBe('')
    expect(Buffer.from(stdout, 'latin1').toString()).toMatch(
      /\[0:3\]─*►[├┞] [\d.]+ recv 3 bytes "abc"/,
    )
  })

  test.each([
    ['ours', 'watched'],
    ['watched', 'ours'],
  ])('wps: the server %s, the client %s', async (serverSide) => {
    const file = join(temporaryFolder(), 'ours.ndjson')
    const trace = ['--trace-file', file]
    const isOurs = serverSide === 'ours'
    const server = isOurs
      ? startPynet('wps-server', 0, '--host', '127.0.0.1', ...trace)
      : startWatched(peer('wps_server', 0))
    const port = await server.ready()
    const client = isOurs
      ? startWatched(peer('wps_client', '127.0.0.1', port, 'ps'))
      : startPynet('wps-client', '127.0.0.1', port, 'ps', ...trace)
    const { stdout } = await client.finished()
    server.kill('SIGTERM')
    const { status } = await server.finished()
    expect(status).toBe(143)
    const watched = (isOurs ? client : server) as Watched
    const ours = parseTrace(readFileSync(file, 'utf8'), 'ours')
    expect(joinedBytes(ours, watched.trace())).toEqual([[2, stdout.length]])
  })

  test('str: the polling server becomes a handful of records, and joins with clients of ours', async () => {
    const server = startWatched(peer('str_server', 0))
    const port = await server.ready()
    const folder = temporaryFolder()
    const files = ['ann', 'bob'].map((name) => join(folder, name))
    const clients = files.map((file) =>
      startPynet('str-client', '127.0.0.1', port, '--trace-file', file, { stdin: 'pipe' }),
    )
    for (const [index, letter] of [...'abc'].entries()) {
      const client = clients[index % 2]
      client?.write(`${letter}\n`)
      await client?.waitFor('stdout', new RegExp(`${letter}\n`))
    }
    for (const client of clients) client.end()
    const { stdout } = await server.finished()
    expect(stdout).toBe('the final value of v is abc\n')
    const { calls } = server.trace()
    expect(calls.length).toBeLessThan(60)
    const polls = calls.reduce((sum, { wouldBlock = 0 }) => sum + wouldBlock, 0)
    expect(polls).toBeGreaterThan(20)
    const traces = files.map((file) => parseTrace(readFileSync(file, 'utf8'), file))
    expect(joinedBytes(...traces, server.trace()).sort()).toEqual([
      [1, 2],
      [2, 4],
    ])
  })

  test('str: the client under watch, a server of ours', async () => {
    const file = join(temporaryFolder(), 'ours.ndjson')
    const server = startPynet('str-server', 0, '--clients', 1, '--trace-file', file)
    const client = startWatched(peer('str_client', '127.0.0.1', await server.ready()))
    client.write('a\n')
    await client.waitFor('stdout', /a\n/)
    client.write('\n')
    await Promise.all([client.finished(), server.finished()])
    expect(names(client.trace().calls)).toEqual([
      'socket',
      'connect',
      'send',
      'recv',
      'send',
      'close',
    ])
    expect(joinedBytes(client.trace(), parseTrace(readFileSync(file, 'utf8'), 'ours'))).toEqual([
      [1, 1],
    ])
  })
})

function receipts(client: Watched): string[] {
  return client
    .trace()
    .calls.filter(({ call, waiting }) => call === 'recv' && !waiting)
    .map(() => 'recv')
}

describe.runIf(hasPeers)('a program that is killed', () => {
  test('by -9 while it blocks leaves a trace that ends with what it was blocked in', async () => {
    const listening =
      'import socket,os;l=socket.create_server(("127.0.0.1",0));' +
      'c=socket.create_connection(l.getsockname());s,_=l.accept();s.send(b"abc");' +
      'c.recv(9);print(os.getpid(),flush=True);c.recv(9)'
    const victim = startWatched(python('-c', listening))
    const [pid] = await victim.waitFor('stdout', /\d+/)
    await expect.poll(() => victim.trace().calls.at(-1)?.waiting).toBe(true)
    process.kill(Number(pid), 'SIGKILL')
    const { status, stderr } = await victim.finished()
    expect(status).toBe(137)
    const last = victim.trace().calls.at(-1)
    expect(last).toMatchObject({ call: 'recv', waiting: true })
    const port = last?.remote?.port
    expect(stderr).toBe(
      `pynet: python3 was killed by SIGKILL, blocked in recv from 127.0.0.1:${port}\n`,
    )
    expect(victim.trace().header.pid).toBe(Number(pid))
  })
})
