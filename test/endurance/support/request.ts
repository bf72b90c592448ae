// A well-behaved client of echo-server and wps-server: it sends, ends its data, and takes it all.
import { connect } from 'node:net'
import type { Counts } from './outcome.ts'

/** Gives all that came until the server's end of data; rejects when the connection was lost. */
export function request(port: number, bytes: Uint8Array | string, counts: Counts): Promise<Buffer> {
  counts.connections++
  counts.actions++
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const options = { port, host: '127.0.0.1', allowHalfOpen: true }
    const socket = connect(options, () => socket.end(bytes))
    socket.on('data', (piece) => pieces.push(piece))
    socket.once('end', () => resolve(Buffer.concat(pieces)))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('a connection closed before its end of data')))
  })
}
