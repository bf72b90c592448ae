// A port that nobody listens on, for what can't be asked to take any free one.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** The operating system gives ports in turn, so the one that was just free is not given again soon. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
