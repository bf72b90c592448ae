// Accepting: what a connection costs that comes and goes, and one that stays and is silent.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { compare, type Scenario, type Values } from '../support/compare.ts'
import { memoryBytes, processorSeconds, settled } from '../support/proc.ts'
import { type Build, type Program, peerInNode, startPynet } from '../support/programs.ts'

const CONNECTIONS = 1000
const ROUNDS = 5
const AT_ONCE = 100
const COST = 'µs of processor/connection'
const MEMORY = 'kB/idle connection'

/** Connects so many clients, which are all accepted when this resolves. */
async function crowd(server: Program, count: number): Promise<Socket[]> {
  const port = await server.ready()
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Array.from({ length: AT_ONCE }, () => connect(port, '127.0.0.1'))
    await Promise.all(batch.map((socket) => once(socket, 'connect')))
    sockets.push(...batch)
  }
  await settled(server.pid)
  return sockets
}

async function leave(server: Program, sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await settled(server.pid)
}

async function measureCrowds(program: Program, rounds: number): Promise<Values> {
  await using server = program
  // One stays: str-server ends when the last client has left.
  const staying = await crowd(server, AT_ONCE)
  const memory = memoryBytes(server.pid, 'VmRSS')
  const idle = await crowd(server, CONNECTIONS)
  const kilobytes = (memoryBytes(server.pid, 'VmRSS') - memory) / 1000 / CONNECTIONS
  await leave(server, idle)
  const before = processorSeconds(server.pid)
  for (let round = 0; round < rounds; round++) {
    await leave(server, await crowd(server, CONNECTIONS))
  }
  const seconds = processorSeconds(server.pid) - before
  for (const socket of staying) socket.destroy()
  return { [COST]: (seconds * 1e6) / (rounds * CONNECTIONS), [MEMORY]: kilobytes }
}

export const accept: Scenario = {
  name: 'accept',
  async run(options) {
    const startBare = await peerInNode('str-server')
    const rounds = options.quick ? 1 : ROUNDS
    const limit = ['--host', '127.0.0.1', '--max-connections', 2 * CONNECTIONS]
    const servers = {
      'str-server': ['str-server', 0, ...limit, '--clients', 'any'],
      'wps-server': ['wps-server', 0, ...limit, '--timeout', 600],
    }
    const rows = []
    for (const [name, words] of Object.entries(servers)) {
      const comparison = {
        what: `accept: 1,000 connections, ${name}`,
        measures: {
          [COST]: { better: 'less', goal: 1.5 },
          [MEMORY]: { better: 'less', goal: 1.3 },
        },
        measure: (build: Build) => measureCrowds(startPynet(words, {}, build), rounds),
        peers: { 'bare node:net': () => measureCrowds(startBare('any'), rounds) },
      } as const
      rows.push(...(await compare(comparison, options)))
    }
    return rows
  },
}
