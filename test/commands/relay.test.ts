// relay as a real process: its lines on stderr, its exit codes, and our programs on both sides.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { describe, expect, it, onTestFinished } from 'vitest'
import { declare } from '../../src/commands/relay.ts'
import { Terminal } from '../../src/terminal/terminal.ts'
import type { TraceCall, TraceHeader } from '../../src/trace/format.ts'
import { cutsOf, endsOf } from '../relay/support.ts'
import { readEchoTranscript } from '../support/echo-transcript.ts'
import { endingSignals, expectFailure, expectUsageError } from '../support/expectations.ts'
import { runPynet, startPynet } from '../support/processes.ts'
import { failureOf } from '../support/sockets.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, serveRaw, unusedPort } from '../support/wire.ts'

const HOST = '127.0.0.1'
/** What a client asks a server to do. */
const ANSWER = 1
const END = 2
const RESET = 3

/** A server that sends back what it receives, and ends its data when the client does. */
function echoPort(): Promise<number> {
  return serveRaw(async (client) => {
    client.socket.pipe(client.socket)
  })
}

describe('relay', () => {
  it('brings echo-client pieces cut at the bytes that the seed decides', async () => {
    const server = startPynet('echo-server', 0, '--host', HOST, '--copies', 3, '--go-ahead', 'now')
    const cut = ['--cut', '1-3', '--seed', 7] as const
    const relay = startPynet('relay', 0, HOST, await server.ready(), ...cut)
    const port = await relay.ready()
    const client = await runPynet('echo-client', HOST, port, 'abcdefghij')
    expect(client.status).toBe(0)
    expect((await server.finished()).status).toBe(0)
    const { sizes, total } = readEchoTranscript(Buffer.from(client.stdout, 'latin1'))
    expect(total).toBe(30)
    // A reader that was busy gets two pieces together, but none in two.
    expect(cutsOf(30, 7, 1, 3)).toEqual(expect.arrayContaining(endsOf(sizes)))
    expect(relay.stderr.toString()).toBe(`pynet: seed 7\npynet: listening on port ${port}\n`)
  })

  it('chooses a seed and prints it where none is given, and listens on loopback only', async () => {
    const relay = startPynet('relay', 0, HOST, 1, '--cut', 3)
    const port = await relay.ready()
    expect(relay.stderr.toString()).toMatch(/^pynet: seed \d+\npynet: listening on port \d+\n$/)
    expect(await failureOf(connectRaw(port, '127.0.0.2'))).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('resets a client whose server refuses, says so in one line, and goes on', async () => {
    const refusing = await unusedPort()
    const relay = startPynet('relay', 0, HOST, refusing)
    const port = await relay.ready()
    const listening = relay.stderr.length
    const reason = `cannot connect to ${HOST}:${refusing}: connection refused`
    for (const lines of [1, 2]) {
      const client = connectRaw(port).then((socket) => socket.untilEnd())
      expect(await failureOf(client)).toMatchObject({ code: 'ECONNRESET' })
      const said = () => relay.stderr.subarray(listening).toString()
      await waitUntil(() => said().split('\n').length > lines, `${lines} lines`)
      const line = `pynet: ${reason} .*; ${HOST}:\\d+ is reset\n`
      expect(said()).toMatch(new RegExp(`^(${line}){${lines}}$`))
    }
  })

  it('says with --verbose which client left, and which connection was lost', async () => {
    const serverPort = await serveRaw(async (server) => {
      const [command] = await server.waitForBytes(1)
      if (command === ANSWER) await server.send('served')
      else if (command === END) server.shutdown()
      else server.reset()
    })
    const relay = startPynet('relay', 0, HOST, serverPort, '--verbose')
    const port = await relay.ready()
    const ask = async (command: number) => {
      const client = await connectRaw(port)
      await client.send(Buffer.of(command))
      return client
    }
    const leaver = await ask(END)
    leaver.shutdown()
    await relay.waitFor('stderr', new RegExp(`^pynet: ${HOST}:${leaver.localPort} has left$`, 'm'))
    await ask(RESET)
    await relay.waitFor('stderr', new RegExp(`lost the connection to ${HOST}:${serverPort}: `))
    const breaker = await ask(ANSWER)
    await breaker.waitForBytes(1)
    breaker.reset()
    const lost = new RegExp(`lost the connection to ${HOST}:${breaker.localPort}: `)
    await relay.waitFor('stderr', lost)
  })

  it('ends by a signal, with its exit code, also when bytes are on their way', async () => {
    const serverPort = await echoPort()
    const check = async ([name, status]: (typeof endingSignals)[number]) => {
      const relay = startPynet('relay', 0, HOST, serverPort, '--delay', 60_000)
      const client = await connectRaw(await relay.ready())
      await client.send('never comes back')
      relay.kill(name)
      expect((await relay.finished()).status).toBe(status)
      expect(await failureOf(client.untilEnd())).toMatchObject({ code: 'ECONNRESET' })
    }
    await Promise.all(endingSignals.map(check))
  })

  it('writes a trace of both connections', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pynet-relay-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'relay.ndjson')
    const serverPort = await echoPort()
    const relay = startPynet('relay', 0, HOST, serverPort, '--trace-file', file)
    const client = await connectRaw(await relay.ready())
    await client.send('abc')
    client.shutdown()
    await client.untilEnd()
    relay.kill('SIGTERM')
    await relay.finished()
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const [header, ...calls] = lines.map((line) => JSON.parse(line)) as [
      TraceHeader,
      ...TraceCall[],
    ]
    expect(header).toMatchObject({ source: 'relay', program: 'relay', version: 2 })
    const passed = calls.filter(({ head, waiting }) => head === '616263' && !waiting)
    const fromClient = expect.objectContaining({ port: client.localPort })
    const toServer = expect.objectContaining({ port: serverPort })
    expect(passed.map(({ call, remote }) => [call, remote])).toEqual([
      ['recv', fromClient],
      ['sendAll', toServer],
      ['recv', toServer],
      ['sendAll', fromClient],
    ])
  })

  it('fails where its own port is taken', async () => {
    const port = await echoPort()
    expectFailure(await runPynet('relay', port, HOST, 1), new RegExp(`${port}: address already`))
  })
})

describe('wrong usage of relay', () => {
  it.each([
    [['--cut', '3-1'], '3-1'],
    [['--cut', '0-2'], '0-2'],
    [['--cut', 'a-b'], 'a-b'],
    [['--cut', ''], "''"],
    [['--cut', '1-9999999'], '1-9999999'],
    [['--seed', '-1'], '-1'],
    [['--seed', '4294967296'], '4294967296'],
    [['--gap', '1e3'], '1e3'],
    [['--delay', '-5'], '-5'],
    [['--reset-after', 'x'], 'x'],
    [['--reset-after', '1', '--end-after', '2'], '--end-after'],
  ])('%j is refused by its name', async (options, name) => {
    const command = new Command('relay').exitOverride().configureOutput({ writeErr: () => {} })
    const { signal } = new AbortController()
    declare(command, { terminal: new Terminal(() => {}), signal, exitCode: 0 })
    const parsing = command.parseAsync(['0', HOST, '1', ...options], { from: 'user' })
    const error = await failureOf(parsing)
    expect(error).toBeInstanceOf(CommanderError)
    expect((error as CommanderError).message).toContain(name)
  })

  it('a relay to its own port is refused in one line', async () => {
    expectUsageError(await runPynet('relay', 2000, 'localhost', 2000), /port 2000 of localhost/)
  })
})
