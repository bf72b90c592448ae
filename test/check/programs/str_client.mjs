// Asks for letters with readline, which drops a line that comes before its question, and shows the
// replies in words of its own. When it leaves, it waits for the server's end of data.
//
// usage: str_client.mjs host port
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline/promises'

const [host, port] = process.argv.slice(2)
const server = connect({ host, port })
const keyboard = createInterface({ input: process.stdin, output: process.stdout })
const endOfInput = once(keyboard, 'close').then(() => '')
let length = 0

/** A reply is whole when it is longer than the one before and ends with the letter. */
async function receiveReply(letter) {
  let reply = ''
  for await (const chunk of server.iterator({ destroyOnReturn: false })) {
    reply += chunk.toString('latin1')
    if (reply.length > length && reply.endsWith(letter)) return reply
  }
  throw new Error('the server ended in the middle of a reply')
}

for (let count = 1; ; count++) {
  const letter = await Promise.race([keyboard.question(`letter ${count}? `), endOfInput])
  if (letter === '') break
  server.write(letter)
  const reply = await receiveReply(letter)
  length = reply.length
  console.log(`all of it: '${reply}' (${length} letters)`)
}
keyboard.close()
server.end()
server.resume()
