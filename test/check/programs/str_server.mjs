// Appends the letters of two clients to one string. usage: str_server.mjs port
import { createServer } from 'node:net'

const CLIENTS = 2
let value = ''
let left = 0
const clients = []

function serve(client) {
  client.on('data', (letters) => {
    for (const letter of letters.toString('latin1')) {
      value += letter
      client.write(value)
    }
  })
  client.on('error', () => {})
  client.on('close', () => {
    left++
    if (left === CLIENTS) console.log(`the final value of v is ${value}`)
  })
}

const listener = createServer((client) => {
  clients.push(client)
  if (clients.length < CLIENTS) return
  listener.close()
  clients.forEach(serve)
})
listener.listen(Number(process.argv[2]), '127.0.0.1')
