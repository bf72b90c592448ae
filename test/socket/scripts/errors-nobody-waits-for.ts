// Connections that die while no call waits: none of that may become an event of the process.
import { createServer, connect as netConnect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, listen, Selector } from '../../../src/index.ts'

const events: string[] = []
process.on('uncaughtException', (error) => events.push(`uncaught exception: ${error}`))
process.on('unhandledRejection', (error) => events.push(`unhandled rejection: ${error}`))
process.on('warning', (warning) => events.push(`warning: ${warning}`))

const listener = await listen({ host: '127.0.0.1', port: 0 })

function rawClient(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = netConnect(listener.address.port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
  })
}

// Reset before anybody accepted it.
const early = await rawClient()
early.resetAndDestroy()
await delay(20)

// Reset after it was accepted, with nothing, with bytes, and with a selector at it.
const selector = new Selector()
const accepted = []
for (let count = 0; count < 3; count++) {
  const raw = await rawClient()
  const socket = await listener.accept()
  selector.register(socket)
  accepted.push(socket)
  if (count > 0) raw.write('bytes')
  raw.resetAndDestroy()
}

// The same for a socket that connected.
const raws: Socket[] = []
const server = createServer((raw) => {
  raw.on('error', () => {})
  raws.push(raw)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('no port')
const client = await connect({ host: '127.0.0.1', port: address.port })
while (raws.length === 0) await delay(10)
raws[0]?.resetAndDestroy()
await delay(100)

// Nobody reads from a connection whose close fails, and nobody awaits this close.
void client.close()
for (const socket of accepted) void socket.close()

// A client that nobody accepted goes, and the listener with it.
await rawClient()
void listener.close()
server.close()
await delay(100)
console.log(JSON.stringify(events))
