// One run of echo-server and echo-client as whole processes on loopback.

import { watchPeakMemory } from './proc.ts'
import { startPynet } from './programs.ts'

export const BULK_STRING_BYTES = 100_000
export const TUTORIAL_STRING_BYTES = 120_000

interface EchoRun {
  /** From the start of the server to the end of both. */
  seconds: number
  /** From the start of the client, when the server was listening already. */
  clientSeconds: number
}

/** The client's stdout is thrown away. `optionsOf` gives more options for each end. */
export async function runEcho(
  stringBytes: number,
  copies: number,
  optionsOf: (end: 'server' | 'client') => readonly string[] = () => [],
): Promise<EchoRun> {
  await using server = startServer(copies, optionsOf('server'))
  const port = await server.ready()
  const words = ['echo-client', '127.0.0.1', port, 'x'.repeat(stringBytes)]
  await using client = startPynet([...words, ...optionsOf('client')])
  const ends = await Promise.all([server.succeeded(), client.succeeded()])
  const endedAt = Math.max(...ends.map((end) => end.endedAt))
  return {
    seconds: (endedAt - server.startedAt) / 1000,
    clientSeconds: (endedAt - client.startedAt) / 1000,
  }
}

/** The same, for the peak of the resident memory of both ends, in megabytes. */
export async function peakMemoryOfEcho(
  stringBytes: number,
  copies: number,
): Promise<{ server: number; client: number }> {
  await using server = startServer(copies)
  const port = await server.ready()
  await using client = startPynet(['echo-client', '127.0.0.1', port, 'x'.repeat(stringBytes)])
  const peaks = { server: watchPeakMemory(server.pid), client: watchPeakMemory(client.pid) }
  try {
    await Promise.all([server.succeeded(), client.succeeded()])
  } finally {
    peaks.server()
    peaks.client()
  }
  return { server: peaks.server(), client: peaks.client() }
}

function startServer(copies: number, more: readonly string[] = []) {
  const options = ['--host', '127.0.0.1', '--go-ahead', 'now', '--copies', copies, ...more]
  return startPynet(['echo-server', 0, ...options])
}
