// Echo: whole sessions, beside iperf3 and the tutorial's server in Python.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { compare, type Scenario } from '../support/compare.ts'
import { follow } from '../support/proc.ts'
import {
  type Build,
  hasIperf,
  hasPython,
  Program,
  startPynet,
  startPython,
} from '../support/programs.ts'

export const GIGABYTE = 1e9
export const STRING_BYTES = 100_000
const BULK_COPIES = 60_000
/** More than loopback carries in one segment, so that the peer's one recv must wait for it. */
const TUTORIAL_STRING_BYTES = 120_000
const TUTORIAL_COPIES = 10_000

interface Echo {
  /** From the start of the server to the end of both. */
  seconds: number
  /** The server's, from its ready line on. */
  processorSeconds: number
  serverMegabytes: number
  clientMegabytes: number
}

/** Runs an echo on loopback. The client's stdout is thrown away; `more` are options of both ends. */
export async function runEcho(
  build: Build,
  stringBytes: number,
  copies: number,
  more: (end: string) => readonly string[] = () => [],
): Promise<Echo> {
  const options = ['--host', '127.0.0.1', '--go-ahead', 'now', '--copies', copies]
  await using server = startPynet(['echo-server', 0, ...options, ...more('server')], {}, build)
  const port = await server.ready()
  const words = ['echo-client', '127.0.0.1', port, 'x'.repeat(stringBytes), ...more('client')]
  await using client = startPynet(words, {}, build)
  return await ended(server, client)
}

async function ended(server: Program, client: Program): Promise<Echo> {
  const ends = [server, client].map(({ pid }) => follow(pid))
  const times = await Promise.all([server.succeeded(), client.succeeded()])
  for (const end of ends) end.stop()
  return {
    seconds: (Math.max(...times.map(({ endedAt }) => endedAt)) - server.startedAt) / 1000,
    processorSeconds: ends[0]?.seconds ?? 0,
    serverMegabytes: ends[0]?.peakMegabytes ?? 0,
    clientMegabytes: ends[1]?.peakMegabytes ?? 0,
  }
}

/** Python with all copies in memory, as in the tutorial; the line that it waits for is there. */
async function runPython(stringBytes: number, copies: number): Promise<Echo> {
  await using server = startPython('bench/echo_server', [0, stringBytes, copies], { input: '\n' })
  const words = ['127.0.0.1', await server.ready(), 'x'.repeat(stringBytes)]
  await using client = startPython('interop/echo_client', words)
  return await ended(server, client)
}

/** iperf3 in the same direction: the rate by its own report, which leaves its start-up out. */
async function runIperf(bytes: number): Promise<{ rate: number; processorSeconds: number }> {
  const port = String(await freePort())
  const listening = ['-s', '-1', '-B', '127.0.0.1', '-p', port, '--forceflush']
  await using server = new Program('iperf3', listening, { keepOutput: true })
  await server.waitFor('stdout', /Server listening/)
  const spent = follow(server.pid)
  const reversed = ['-c', '127.0.0.1', '-p', port, '-R', '-n', String(bytes), '-J']
  await using client = new Program('iperf3', reversed, { keepOutput: true })
  const [report] = await Promise.all([client.succeeded(), server.succeeded()])
  spent.stop()
  const rate = JSON.parse(report.stdout).end.sum_received.bits_per_second / 8
  return { rate, processorSeconds: spent.seconds }
}

/** Returns a port that was free just now: the operating system does not give it again soon. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const RATE = 'GB/s'
const COST = 's of processor (server)/GB'

const valuesOf = ({ seconds, processorSeconds }: Echo, bytes: number) => ({
  [RATE]: bytes / GIGABYTE / seconds,
  [COST]: (processorSeconds * GIGABYTE) / bytes,
})

export const echoBulk: Scenario = {
  name: 'echo-bulk',
  run(options) {
    const copies = options.quick ? BULK_COPIES / 10 : BULK_COPIES
    const bytes = STRING_BYTES * copies
    const iperf3 = async () => {
      const { rate, processorSeconds } = await runIperf(bytes)
      return { [RATE]: rate / GIGABYTE, [COST]: (processorSeconds * GIGABYTE) / bytes }
    }
    const comparison = {
      what: `echo, bulk: 100 kB × ${copies.toLocaleString('en')}`,
      measures: { [RATE]: { better: 'more', goal: 1.3 }, [COST]: { better: 'less' } },
      measure: async (build: Build) => valuesOf(await runEcho(build, STRING_BYTES, copies), bytes),
      peers: { iperf3: hasIperf ? iperf3 : undefined },
    } as const
    return compare(comparison, options)
  },
}

export const echoTutorial: Scenario = {
  name: 'echo-tutorial',
  run(options) {
    const copies = options.quick ? TUTORIAL_COPIES / 10 : TUTORIAL_COPIES
    const size = [TUTORIAL_STRING_BYTES, copies] as const
    const bytes = TUTORIAL_STRING_BYTES * copies
    const python = async () => valuesOf(await runPython(...size), bytes)
    const comparison = {
      what: `echo, tutorial: 120 kB × ${copies.toLocaleString('en')}`,
      measures: { [RATE]: { better: 'more', goal: 3 }, [COST]: { better: 'less' } },
      measure: async (build: Build) => valuesOf(await runEcho(build, ...size), bytes),
      peers: { Python: hasPython ? python : undefined },
    } as const
    return compare(comparison, options)
  },
}
