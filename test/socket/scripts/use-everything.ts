// Uses all of the layer once, closes everything, and must then end by itself: the test waits for that.
import { connect, listen, Selector } from '../../../src/index.ts'

const listener = await listen({ host: '127.0.0.1', port: 0 })
const { port } = listener.address
const abandoned = new AbortController()
const never = new AbortController()

const [client, server] = await Promise.all([
  connect({
    host: 'localhost',
    port,
    timeoutMs: 600_000,
    retryMs: 600_000,
    signal: never.signal,
  }),
  listener.accept({ signal: never.signal }),
])

const selector = new Selector()
selector.register(server)
selector.register(listener)
const selecting = selector.select(600_000)
await client.sendAll('one\ntwo\nthree\n')
await selecting

const abortedAccept = listener.accept({ signal: abandoned.signal }).catch(() => 'aborted')
const abortedRecv = client.recv(10, { signal: abandoned.signal }).catch(() => 'aborted')
abandoned.abort()
const aborted = await Promise.all([abortedAccept, abortedRecv])

const lines: string[] = []
for await (const line of server.makeFile()) {
  lines.push(line)
  break
}
await server.makeFile().writeLines(lines)
const echoed = String(await client.recv(100))

// A client that nobody accepts, and calls that are still waiting when everything is closed.
const lonely = await connect({ host: '127.0.0.1', port })
const idle = await listen({ host: '127.0.0.1', port: 0 })
const closedCalls = [client.recv(10), idle.accept(), lonely.makeFile().readLine()].map((call) =>
  call.then(
    () => 'resolved',
    (error: { code?: string }) => error.code ?? 'no code',
  ),
)
// The forgotten signal, the selector with its registrations and the files are left as they are.
await Promise.all([client.close(), server.close(), lonely.close(), listener.close(), idle.close()])
const open = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name))

console.log(
  JSON.stringify({ aborted, lines, echoed, closedCalls: await Promise.all(closedCalls), open }),
)
