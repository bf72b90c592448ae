// The server that str-server is measured by: the same dialogue, straight on node:net.
//
// usage: str-server clients
import { createServer, type Socket } from 'node:net'

const expected = Number(process.argv[2])
const clients: Socket[] = []
let left = expected
let v = ''

function serve(client: Socket): void {
  client.setEncoding('latin1')
  client.on('data', (letters: string) => {
    for (const letter of letters) {
      v += letter
      client.write(v, 'latin1')
    }
  })
  client.on('end', () => {
    client.end()
    left--
    if (left === 0) process.stdout.write(`the final value of v is ${v}\n`)
  })
  client.resume()
}

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
server.on('connection', (client) => {
  clients.push(client)
  if (clients.length < expected) return
  server.close()
  for (const each of clients) serve(each)
})
server.listen({ host: '127.0.0.1', port: 0, backlog: Math.max(5, expected) }, () => {
  const address = server.address()
  if (typeof address === 'object') console.error(`peer: listening on port ${address?.port}`)
})
