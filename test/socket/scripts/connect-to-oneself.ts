// Connects to a port of the ephemeral range without a server, where TCP connects the socket to itself.
import { connect as netConnect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, listen } from '../../../src/index.ts'

const at = { host: '127.0.0.1', port: Number(process.argv[2]) }
const codeOf = (error: { code?: string }) => error.code ?? String(error)

const toItself = await new Promise<boolean>((resolve) => {
  const raw = netConnect(at, () => {
    resolve(raw.localPort === at.port)
    raw.resetAndDestroy()
  })
})
const once = await connect(at).then(() => 'connected', codeOf)
const often = await connect({ ...at, retryMs: 250 }).then(() => 'connected', codeOf)
const retrying = connect({ ...at, retryMs: 20_000 })
await delay(150)
// Just then a try may hold the port, until it finds that it has reached itself.
const listening = () => listen(at).catch(() => delay(10, undefined))
let listener = await listening()
while (listener === undefined) listener = await listening()
const [client, server] = await Promise.all([retrying, listener.accept()])
await client.sendAll('hello')
const received = String(await server.recv(10))
await Promise.all([client.close(), server.close(), listener.close()])
console.log(JSON.stringify({ toItself, once, often, received }))
