// The server that str-server is measured by: the same dialogue, as lean as node:net allows.
//
// usage: str-server <clients|any>
import { createServer, type Socket } from 'node:net'

const FIRST_BYTES = 65_536
const expected = process.argv[2] === 'any' ? 1 : Number(process.argv[2])
const clients: Socket[] = []
let left = expected
let memory = Buffer.alloc(FIRST_BYTES)
let length = 0

/** Returns v with one more letter: a view, for what it holds does not change any more. */
function append(letter: number): Buffer {
  if (length === memory.length) memory = Buffer.concat([memory, Buffer.alloc(length)])
  memory[length++] = letter
  return memory.subarray(0, length)
}

function serve(client: Socket): void {
  client.on('data', (letters: Buffer) => {
    for (const letter of letters) client.write(append(letter))
  })
  client.on('end', () => {
    client.end()
    left--
    if (left === 0) process.stdout.write(memory.subarray(0, length))
  })
  client.on('error', () => client.destroy())
  client.resume()
}

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
server.on('connection', (client) => {
  if (process.argv[2] === 'any') return serve(client)
  clients.push(client)
  if (clients.length < expected) return
  server.close()
  for (const each of clients) serve(each)
})
server.listen({ host: '127.0.0.1', port: 0, backlog: Math.max(511, expected) }, () => {
  const address = server.address()
  if (typeof address === 'object') console.error(`peer: listening on port ${address?.port}`)
})
