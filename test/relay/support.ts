// Streams for the tests of the relay's parts, and a relay between two bare peers.
import { setMaxListeners } from 'node:events'
import { onTestFinished } from 'vitest'
import { relay } from '../../src/commands/relay.ts'
import { ClientScope } from '../../src/commands/shared/client-scope.ts'
import type { RelayOptions } from '../../src/relay/connection.ts'
import { pieceSizes } from '../../src/relay/cuts.ts'
import type { Source } from '../../src/relay/source.ts'
import { connect, listen, type TcpSocket } from '../../src/socket/index.ts'
import { Terminal } from '../../src/terminal/terminal.ts'
import { loopback, type RawPeer, rawClient, rawServer, turns } from '../support/sockets.ts'

/** A stream of these chunks; then the end of data, again and again, or the error. */
export function streamOf(chunks: readonly (string | Uint8Array)[], error?: Error): Source {
  const left = chunks.map((chunk) => Buffer.from(chunk))
  return async () => {
    const chunk = left.shift()
    if (chunk === undefined && error !== undefined) throw error
    return chunk ?? Buffer.alloc(0)
  }
}

/** The chunks up to the end of data, as Latin-1. */
export async function chunksOf(source: Source): Promise<string[]> {
  const chunks: string[] = []
  for (;;) {
    const chunk = await source()
    if (chunk.length === 0) return chunks
    chunks.push(chunk.toString('latin1'))
  }
}

/** Where the pieces of a stream of `total` bytes end, as its seed decides. */
export function cutsOf(total: number, seed: number, min: number, max: number): number[] {
  const sizes = Array.from({ length: total }, pieceSizes(seed, min, max))
  return [...endsOf(sizes).filter((end) => end < total), total]
}

/** Where the parts of a stream end that have these sizes. */
export function endsOf(sizes: readonly number[]): number[] {
  let end = 0
  return sizes.map((size) => {
    end += size
    return end
  })
}

/** A relay in this process, in front of that port; it ends with the test. Returns its port. */
export async function startRelay(
  serverPort: number,
  options: Partial<RelayOptions> = {},
): Promise<{ port: number; end(): void }> {
  const interruption = new AbortController()
  const { signal } = interruption
  setMaxListeners(0, signal)
  const listener = await listen({ host: loopback, port: 0, backlog: 300, signal })
  const terminal = new Terminal(() => {})
  const context = { terminal, signal, exitCode: 0 }
  const clients = new ClientScope(() => void listener.close(), context)
  const address = { host: loopback, port: serverPort }
  const running = relay(listener, clients, address, { seed: 7, gapMs: 20, ...options }, context)
  onTestFinished(() => {
    interruption.abort()
    return running
  })
  return { port: listener.address.port, end: () => interruption.abort() }
}

/** A client and a server, both bare, with a relay between them. */
export async function relayedPair(
  options: Partial<RelayOptions> = {},
): Promise<{ client: RawPeer; server: RawPeer; end(): void }> {
  return withServer(options, rawClient)
}

/** The same with a client of ours: it tells a reset behind unread data from the end of data. */
export async function relayedClient(
  options: Partial<RelayOptions> = {},
): Promise<{ client: TcpSocket; server: RawPeer }> {
  const pair = await withServer(options, (port) => connect({ host: loopback, port }))
  onTestFinished(() => pair.client.close())
  return pair
}

async function withServer<Client>(
  options: Partial<RelayOptions>,
  connectTo: (port: number) => Promise<Client>,
): Promise<{ client: Client; server: RawPeer; end(): void }> {
  const { port: serverPort, accept } = await rawServer()
  const { port, end } = await startRelay(serverPort, options)
  const [client, server] = await Promise.all([connectTo(port), accept()])
  // The relay, too, learns that it is connected.
  await turns(3)
  return { client, server, end }
}
