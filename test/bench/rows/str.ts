// Str: dialogues beside a lean server straight on node:net, bursts, and silence.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { compare, type Options, type Scenario, type Values } from '../support/compare.ts'
import { processorSeconds, settled } from '../support/proc.ts'
import {
  type Build,
  type Program,
  peerInNode,
  startPynet,
  startPython,
} from '../support/programs.ts'

const CLIENTS = [2, 200, 1000]
const LETTERS = 40_000
const BURST_LETTERS = 1000
const BURSTS = 4
const SILENCE_MS = 3000

export const RATE = 'letters/s'
export const COST = 'µs of processor/letter'
/** Clients that never wait would be what is measured. */
export const IDLE = '% of the time the clients wait'

export function startServer(build: Build, clients: number, more: readonly string[] = []): Program {
  const words = ['str-server', 0, '--host', '127.0.0.1', '--clients', clients, ...more]
  return startPynet(words, { keepOutput: true, encoding: 'latin1' }, build)
}

/** Runs a dialogue, counted from when each client has had its first reply. */
export async function talk(program: Program, clients: number, letters: number): Promise<Values> {
  await using server = program
  const words = [await server.ready(), server.pid, clients, letters]
  await using driver = startPython('bench/dialogue', words, { keepOutput: true })
  const result = JSON.parse((await driver.succeeded()).stdout)
  await server.succeeded()
  return {
    [RATE]: letters / result.seconds,
    [COST]: (result.server_seconds * 1e6) / letters,
    [IDLE]: 100 * result.idle,
  }
}

export const strDialogue: Scenario = {
  name: 'str-dialogue',
  async run(options) {
    const startBare = await peerInNode('str-server')
    const letters = options.quick ? LETTERS / 10 : LETTERS
    const rows = []
    for (const clients of CLIENTS) {
      const comparison = {
        what: `str, dialogue: ${clients.toLocaleString('en')} clients`,
        measures: {
          [RATE]: { better: 'more', goal: 0.9 },
          [COST]: { better: 'less', goal: 1.15 },
          [IDLE]: {},
        },
        measure: (build: Build) => talk(startServer(build, clients), clients, letters),
        peers: { 'bare node:net': () => talk(startBare(clients), clients, letters) },
      } as const
      rows.push(...(await compare(comparison, options)))
    }
    return rows
  },
}

/** One client sends all letters in one write, which loopback carries in one segment. */
async function burst(program: Program): Promise<Values> {
  await using server = program
  const client = connect({ host: '127.0.0.1', port: await server.ready(), noDelay: true })
  let missing = (BURST_LETTERS * (BURST_LETTERS + 1)) / 2
  await once(client, 'connect')
  const start = performance.now()
  client.write('x'.repeat(BURST_LETTERS))
  for await (const chunk of client) {
    missing -= chunk.length
    if (missing === 0) break
  }
  return { [RATE]: (BURST_LETTERS * 1000) / (performance.now() - start) }
}

export const strBurst: Scenario = {
  name: 'str-burst',
  async run(options) {
    const startBare = await peerInNode('str-server')
    const comparison = {
      what: 'str, burst: 1,000 letters in one segment',
      measures: { [RATE]: { better: 'more' } },
      measure: (build: Build) => burst(startServer(build, 1)),
      peers: { 'bare node:net': () => burst(startBare(1)) },
    } as const
    return await compare(comparison, { ...options, runs: options.runs * BURSTS })
  },
}

/** The share of a processor that a server takes while its two clients are silent. */
async function silence(build: Build, poll: string, { quick }: Options): Promise<Values> {
  await using server = startServer(build, 2, ['--poll', poll])
  const port = await server.ready()
  const clients = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(clients.map((client) => once(client, 'connect')))
  if (poll === 'select') await settled(server.pid)
  const start = performance.now()
  const before = processorSeconds(server.pid)
  await sleep(quick ? SILENCE_MS / 10 : SILENCE_MS)
  const spent = processorSeconds(server.pid) - before
  const seconds = (performance.now() - start) / 1000
  for (const client of clients) client.destroy()
  return { '% of a processor': (100 * spent) / seconds }
}

export const strIdle: Scenario = {
  name: 'str-idle',
  run(options) {
    const comparison = {
      what: 'str, idle: two silent clients',
      measures: { '% of a processor': { better: 'less', goal: 0.01 } },
      measure: (build: Build) => silence(build, 'select', options),
      peers: { '--poll nonblocking': () => silence(options.ours, 'nonblocking', options) },
    } as const
    return compare(comparison, options)
  },
}
