// A peer that is silent: how long a call waits for it, and how a vanished one is found out.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { connect, listen, type SocketError } from '../../src/index.ts'
import { hasFile } from '../support/requirements.ts'
import {
  aWhile,
  failureOf,
  loopback,
  moreThanTheKernelHolds,
  oursAndRaw,
  sides,
  staysPending,
} from '../support/sockets.ts'
import { median, timesOf } from '../support/times.ts'

const idleTimeoutMs = 200

describe.each(sides)('idleTimeoutMs on the side that %s', (side) => {
  test('a recv from a silent peer rejects with ETIMEDOUT, and says who and how long', async () => {
    const { ours } = await oursAndRaw(side, { idleTimeoutMs })
    const begin = performance.now()
    const failure = (await failureOf(ours.recv(10))) as SocketError
    expect(performance.now() - begin).toBeGreaterThan(idleTimeoutMs - 5)
    expect(failure).toMatchObject({ code: 'ETIMEDOUT', ...ours.remoteAddress })
    const { port } = ours.remoteAddress
    expect(failure.message).toBe(`${loopback}:${port} has neither sent nor taken a byte for 0.2 s`)
  })

  test('a sendAll rejects in its middle when the peer takes no more', async () => {
    const { ours, raw } = await oursAndRaw(side, { idleTimeoutMs })
    const bytes = Buffer.alloc(moreThanTheKernelHolds)
    expect(await failureOf(ours.sendAll(bytes))).toMatchObject({ code: 'ETIMEDOUT' })
    expect(ours.isSending).toBe(true)
    raw.socket.destroy()
  })

  test('leaves the connection as it is: what comes later is there, and sending works', async () => {
    const { ours, raw } = await oursAndRaw(side, { idleTimeoutMs: 50 })
    expect(await failureOf(ours.makeFile().readLine())).toMatchObject({ code: 'ETIMEDOUT' })
    await raw.send('late\n')
    expect(await ours.makeFile().readLine()).toBe('late\n')
    await ours.sendAll('answer')
    ours.shutdown()
    expect(String(await raw.collect())).toBe('answer')
  })

  test('counts only while a call waits', async () => {
    const { ours, raw } = await oursAndRaw(side, { idleTimeoutMs })
    await aWhile(idleTimeoutMs * 0.8)
    const begin = performance.now()
    const failure = await failureOf(ours.recv(1))
    expect(performance.now() - begin).toBeGreaterThan(idleTimeoutMs - 5)
    expect(failure).toMatchObject({ code: 'ETIMEDOUT' })
    await aWhile(idleTimeoutMs * 1.5)
    await raw.send('x')
    expect(String(await ours.recv(1))).toBe('x')
  })

  test('counts from the last byte, also within one read', async () => {
    const { ours, raw } = await oursAndRaw(side, { idleTimeoutMs: 400 })
    const reading = ours.makeFile().readLine()
    const line = 'a line, by letter\n'
    for (const letter of line) {
      await raw.send(letter)
      await aWhile(40)
    }
    expect(await reading).toBe(line)
  })

  test('time in which no call waits leaves the close its time', async () => {
    const { ours, raw } = await oursAndRaw(side, { idleTimeoutMs: 50 })
    const receiving = ours.recv(1)
    await raw.send('x')
    await receiving
    await aWhile(150)
    await ours.sendAll('answer')
    const closing = ours.close()
    expect(await staysPending(closing)).toBe(true)
    expect(String(await raw.collect())).toBe('answer')
    raw.end()
    await closing
  })

  test('a peer that was waited for in vain is not waited for by the close', async () => {
    const connecting = [1, 2, 3].map(() => oursAndRaw(side, { idleTimeoutMs: 50 }))
    const sockets = (await Promise.all(connecting)).map(({ ours }) => ours)
    await Promise.all(sockets.map((ours) => failureOf(ours.recv(10))))
    const times = await timesOf(sockets.length, (index) => sockets[index]?.close())
    // The close of another socket lingers for two seconds, each time.
    expect(median(times)).toBeLessThan(1900)
  })
})

test.each([-1, Number.NaN])('idleTimeoutMs of %d is a RangeError', async (ms) => {
  const options = { host: loopback, port: 1, idleTimeoutMs: ms }
  expect(await failureOf(connect(options))).toBeInstanceOf(RangeError)
  expect(await failureOf(listen(options))).toBeInstanceOf(RangeError)
})

const tcpTable = '/proc/net/tcp'

// proc(5): of each connection the ports in hexadecimal, and the timer that runs; 02 is keepalive.
test.runIf(hasFile(tcpTable, 'keepalive')).each(sides)(
  'the operating system looks after the peer of a socket that has %s (keepalive)',
  async (side) => {
    const { ours } = await oursAndRaw(side)
    const [local, remote] = [ours.localAddress, ours.remoteAddress].map(({ port }) =>
      port.toString(16).toUpperCase().padStart(4, '0'),
    )
    const row = new RegExp(`^ *\\d+: \\w+:${local} \\w+:${remote} \\w+ \\S+ (\\d\\d):`, 'm')
    expect(row.exec(readFileSync(tcpTable, 'latin1'))?.[1]).toBe('02')
  },
)
