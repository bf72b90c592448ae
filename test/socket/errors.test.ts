// Errors of the layer: an awaited call that fails shows the line of the caller.
import { expect, test } from 'vitest'
import { connect, listen, type TcpSocket } from '../../src/index.ts'
import {
  failureOf,
  loopback,
  ourListener,
  oursAndRaw,
  refusingPort,
  turns,
} from '../support/sockets.ts'

/** The stack of what the call rejects with, as a program that awaits it sees it. */
async function stackOf(call: () => Promise<unknown>): Promise<string> {
  const caller = async () => {
    await call()
  }
  const failure = await failureOf(caller())
  return failure instanceof Error ? String(failure.stack) : ''
}

const calls: Record<string, (socket: TcpSocket) => Promise<unknown>> = {
  recv: (socket) => socket.recv(1),
  recvInto: (socket) => socket.recvInto(Buffer.alloc(1)),
  sendAll: (socket) => socket.sendAll(Buffer.alloc(48 * 1024 * 1024)),
  readLine: (socket) => socket.makeFile().readLine(),
  'for await': (socket) => socket.makeFile()[Symbol.asyncIterator]().next(),
}

test.each(Object.keys(calls))('the stack of a reset shows who waited in %s', async (name) => {
  const { ours, raw } = await oursAndRaw('connected')
  const stack = stackOf(async () => await calls[name]?.(ours))
  await turns(3)
  await raw.reset()
  expect(await stack).toContain('SocketError: lost the connection to 127.0.0.1')
  expect(await stack).toContain('errors.test.ts')
})

test('so do those of connect, listen and accept', async () => {
  const { port } = await refusingPort()
  expect(await stackOf(() => connect({ host: loopback, port }))).toContain('errors.test.ts')
  const listener = await ourListener()
  expect(await stackOf(() => listen(listener.address))).toContain('errors.test.ts')
  const accepting = stackOf(() => listener.accept())
  await listener.close()
  expect(await accepting).toContain('errors.test.ts')
})
