// An echo server for two clients, as Node.js programs are written.
import { createServer } from 'node:net'

let clients = 0
const server = createServer((client) => {
  client.pipe(client)
  client.on('close', () => ++clients === 2 && server.close())
})
server.listen(0, '127.0.0.1', () => {
  console.error(`peer: listening on port ${server.address().port}`)
})
