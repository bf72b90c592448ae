// Growth: what a unit of work costs must not grow with the amount of work.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { growth, type Scenario } from '../support/compare.ts'
import { type Build, environment, scratchFolder } from '../support/programs.ts'
import { GIGABYTE, runEcho, STRING_BYTES } from './echo.ts'
import { startServer, talk } from './str.ts'

const STR_CLIENTS = [10, 100, 1000, 10_000]
const STR_LETTERS = 40_000
const ECHO_GIGABYTES = [0.1, 1, 10]
const LADDER_CALLS = [1000, 10_000, 100_000]
const LADDER_CONNECTIONS = [100, 1000, 10_000]
const WATCH_CALLS = [10_000, 100_000, 1_000_000]
const MICROSECONDS = 1e6
/** A call of each end that opens a connection, and one that closes it. */
const CALLS_AROUND = 4
/** A send and a recv of each end. */
const CALLS_EXCHANGED = 4

/** Sends and receives a byte at a time, over a connection to itself. */
const TALKER = `
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
for _ in range(int(sys.argv[1]) // 2):
    client.send(b"x")
    server.recv(1)
`

export const growthStr: Scenario = {
  name: 'growth-str',
  run(options) {
    const letters = options.quick ? STR_LETTERS / 4 : STR_LETTERS
    const measure = (clients: number, build: Build) =>
      talk(startServer(build, clients), clients, letters)
    return growth('growth: str, clients', STR_CLIENTS, measure, options)
  },
}

export const growthEcho: Scenario = {
  name: 'growth-echo',
  run(options) {
    const measure = async (gigabytes: number, build: Build) => {
      const copies = (gigabytes * GIGABYTE) / STRING_BYTES
      const echo = await runEcho(build, STRING_BYTES, copies)
      return {
        's of processor (server)/GB': echo.processorSeconds / gigabytes,
        'MB, peak of the server': echo.serverMegabytes,
        'MB, peak of the client': echo.clientMegabytes,
      }
    }
    const sizes = options.quick ? ECHO_GIGABYTES.map((size) => size / 10) : ECHO_GIGABYTES
    return growth('growth: echo, GB', sizes, measure, options)
  },
}

/** Returns the seconds that a command takes, its output thrown away. */
function secondsOf(build: Build, ...words: string[]): number {
  const start = performance.now()
  const args = [build.program, ...words]
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(`${words.join(' ')}: exit code ${status}, ${stderr}`)
  return (performance.now() - start) / 1000
}

/** Writes the traces of both ends of sessions with so many calls in all; returns their files. */
function writeTraces(calls: number, connections: number): [string, string] {
  const header = { format: 'pynet-trace', version: 2, startedAt: new Date(0).toISOString() }
  const exchanges = (calls / connections - CALLS_AROUND) / CALLS_EXCHANGED
  const server = { host: '127.0.0.1', port: 2000 }
  const files = (['client', 'server'] as const).map((end) => {
    const program = `str-${end}`
    const lines = [JSON.stringify({ ...header, source: 'pynet', program, pid: 1 })]
    for (let socket = 1; socket <= connections; socket++) {
      const client = { host: '127.0.0.1', port: 10_000 + socket }
      const ends =
        end === 'client' ? { local: client, remote: server } : { local: server, remote: client }
      const add = (call: string, more = {}) =>
        lines.push(
          JSON.stringify({ call, at: lines.length, blocked: 0.5, socket, ...ends, ...more }),
        )
      add(end === 'client' ? 'connect' : 'accept')
      for (let offset = 0; offset < exchanges; offset++) {
        const head = (socket % 256).toString(16).padStart(2, '0')
        for (const call of end === 'client' ? ['sendAll', 'recv'] : ['recv', 'sendAll']) {
          add(call, { bytes: 1, offset, head })
        }
      }
      add('close')
    }
    const file = join(scratchFolder(), `${end}.ndjson`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return file
  })
  return files as [string, string]
}

export const growthLadder: Scenario = {
  name: 'growth-ladder',
  async run(options) {
    const [most = 0] = LADDER_CALLS.slice(-1)
    const measure = (build: Build, calls: number, connections: number) => {
      const startUp = secondsOf(build, 'ladder', '--help')
      const seconds = secondsOf(build, 'ladder', ...writeTraces(calls, connections)) - startUp
      return { 'µs/call': (seconds * MICROSECONDS) / calls }
    }
    const byCalls = async (calls: number, build: Build) => measure(build, calls, 10)
    const byConnections = async (count: number, build: Build) => measure(build, most, count)
    return [
      ...(await growth('growth: ladder, calls', LADDER_CALLS, byCalls, options)),
      ...(await growth('growth: ladder, connections', LADDER_CONNECTIONS, byConnections, options)),
    ]
  },
}

export const growthWatch: Scenario = {
  name: 'growth-watch',
  run(options) {
    const file = join(scratchFolder(), 'watch.ndjson')
    const watched = (build: Build, calls: number) => {
      const program = ['python3', '-c', TALKER, String(calls)]
      return secondsOf(build, 'watch', '--quiet', '--trace-file', file, '--', ...program)
    }
    const measure = async (calls: number, build: Build) => ({
      'µs/call': ((watched(build, calls) - watched(build, 0)) * MICROSECONDS) / calls,
    })
    const sizes = options.quick ? WATCH_CALLS.slice(0, 2) : WATCH_CALLS
    return growth('growth: watch, calls', sizes, measure, options)
  },
}
