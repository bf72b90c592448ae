// The clients of a wps server: they ask for `ps`, and each answer has to be whole.
import { connect } from 'node:net'

/** Asks once; gives the answer when the server has ended its data. */
export function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write('ps'))
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      answer += text
    })
    socket.once('end', () => resolve(answer))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('a connection closed before its end of data')))
  })
}

/** The head line and at least one process, up to the end of a line. */
export function isWhole(answer: string): boolean {
  return /^ *PID .*\n(.*\n)+$/.test(answer)
}

/** So many clients ask, each one request after another; gives requests per second. */
export async function requestRate(
  port: number,
  clients: number,
  requests: number,
): Promise<number> {
  await ask(port) // the first one warms up both ends
  let left = requests
  let whole = 0
  const client = async () => {
    while (left > 0) {
      left--
      if (isWhole(await ask(port))) whole++
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - start) / 1000
  if (whole !== requests)
    throw new Error(`${requests - whole} of ${requests} answers are not whole`)
  return requests / seconds
}
