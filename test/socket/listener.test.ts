// listen and accept: every client is handed out once, in order, whole, whatever the others do.
import { getEventListeners, once } from 'node:events'
import { connect as netConnect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Listener, listen, SocketError, type TcpSocket } from '../../src/index.ts'
import { knowName } from '../support/known-names.ts'
import { hasIpv6 } from '../support/requirements.ts'
import {
  aWhile,
  failureOf,
  loopback,
  numberedBytes,
  ourListener,
  rawClient,
  receive,
  receiveAll,
  turns,
} from '../support/sockets.ts'
import { within } from '../support/waiting.ts'

const closed = { code: 'ERR_SOCKET_CLOSED' }

/** A client that resets its connection as soon as it has one; resolves when the RST is sent. */
async function resettingClient(port: number): Promise<void> {
  const client = await rawClient(port)
  await client.reset()
}

/** The next client that says something; one that was reset before is passed over. */
async function acceptSpeaking(listener: Listener): Promise<{ socket: TcpSocket; said: string }> {
  while (true) {
    const socket = await listener.accept()
    try {
      return { socket, said: String(await socket.recv(100)) }
    } catch (error) {
      expect(error).toMatchObject({ code: 'ECONNRESET' })
    }
  }
}

describe('accept', () => {
  test('it gives the client with the address of both ends', async () => {
    const listener = await ourListener()
    const client = await rawClient(listener.address.port)
    const socket = await listener.accept()
    expect(socket.remoteAddress).toEqual({ host: loopback, port: client.socket.localPort })
    expect(socket.localAddress).toEqual({ host: loopback, port: listener.address.port })
    client.socket.destroy()
    await socket.close()
  })

  test('several that wait are served in the order of the calls', async () => {
    const listener = await ourListener()
    const accepts = [listener.accept(), listener.accept(), listener.accept()]
    const ports: (number | undefined)[] = []
    for (let count = 0; count < 3; count++) {
      const client = await rawClient(listener.address.port)
      ports.push(client.socket.localPort)
      await accepts[count]
    }
    const sockets = await Promise.all(accepts)
    expect(sockets.map((socket) => socket.remoteAddress.port)).toEqual(ports)
  })

  test('clients that came before are handed out in the order of their coming', async () => {
    const listener = await ourListener()
    const ports: (number | undefined)[] = []
    for (let count = 0; count < 5; count++) {
      const client = await rawClient(listener.address.port)
      ports.push(client.socket.localPort)
    }
    const accepted: number[] = []
    for (let count = 0; count < 5; count++) {
      const socket = await listener.accept()
      accepted.push(socket.remoteAddress.port)
    }
    expect(accepted).toEqual(ports)
  })

  test('a backlog of 1 does not limit the clients that come one after the other', async () => {
    const listener = await listen({ host: loopback, port: 0, backlog: 1 })
    onTestFinished(() => listener.close())
    for (let count = 0; count < 5; count++) await rawClient(listener.address.port)
    const sockets: TcpSocket[] = []
    for (let count = 0; count < 5; count++) sockets.push(await listener.accept())
    expect(new Set(sockets.map((socket) => socket.remoteAddress.port)).size).toBe(5)
  })

  // Pitfall 15: a connection made before accept was called, with its first bytes and its FIN.
  test('a client that came, spoke and ended before the call is there whole', async () => {
    const listener = await ourListener()
    const client = await rawClient(listener.address.port)
    const bytes = numberedBytes(20_000)
    await client.send(bytes)
    client.end()
    await aWhile(100)
    const socket = await listener.accept()
    expect((await receiveAll(socket)).equals(bytes)).toBe(true)
    await socket.sendAll('answer')
    socket.shutdown()
    expect(String(await client.collect())).toBe('answer')
    await socket.close()
  })

  // Pitfall 15: the same for a client that is gone altogether.
  test('a client that came, spoke and closed before the call is there whole', async () => {
    const listener = await ourListener()
    const client = await rawClient(listener.address.port)
    await client.send('bye')
    const gone = once(client.socket, 'close')
    client.socket.destroy()
    await gone
    await turns(5)
    const socket = await listener.accept()
    expect(String(await receiveAll(socket))).toBe('bye')
    await socket.close()
  })
})

// Pitfall 15: an aborted accept swallows no connection.
describe('an aborted accept', () => {
  test('rejects with the signal’s reason, and the next one gets the client', async () => {
    const listener = await ourListener()
    const controller = new AbortController()
    const failure = failureOf(listener.accept({ signal: controller.signal }))
    await turns(3)
    controller.abort('enough')
    expect(await failure).toBe('enough')
    const client = await rawClient(listener.address.port)
    const socket = await within(listener.accept(), 'the client')
    expect(socket.remoteAddress.port).toBe(client.socket.localPort)
  })

  test('with a signal aborted before, it leaves a waiting client to the next one', async () => {
    const listener = await ourListener()
    const client = await rawClient(listener.address.port)
    await turns(3)
    const signal = AbortSignal.abort('before')
    expect(await failureOf(listener.accept({ signal }))).toBe('before')
    const socket = await within(listener.accept(), 'the client')
    expect(socket.remoteAddress.port).toBe(client.socket.localPort)
  })

  test('gives its turn to the one behind it', async () => {
    const listener = await ourListener()
    const controller = new AbortController()
    const first = failureOf(listener.accept({ signal: controller.signal }))
    const second = listener.accept()
    controller.abort()
    const client = await rawClient(listener.address.port)
    const socket = await within(second, 'the client')
    expect(socket.remoteAddress.port).toBe(client.socket.localPort)
    expect(await first).toMatchObject({ name: 'AbortError' })
  })

  test('aborted while clients come, it loses none', async () => {
    const listener = await ourListener()
    const came: (number | undefined)[] = []
    const accepted: number[] = []
    for (let round = 0; round < 30; round++) {
      const controller = new AbortController()
      const waiting = listener.accept({ signal: controller.signal }).then(
        (socket) => {
          accepted.push(socket.remoteAddress.port)
        },
        () => {},
      )
      const connected = rawClient(listener.address.port)
      await turns(round % 4)
      controller.abort()
      const client = await connected
      came.push(client.socket.localPort)
      await waiting
    }
    while (accepted.length < came.length) {
      const socket = await within(listener.accept(), 'a client', () => `${accepted.length} of 30`)
      accepted.push(socket.remoteAddress.port)
    }
    expect(accepted).toEqual(came)
  })

  // Pitfall 10.
  test('no accept leaves a listener on its signal, on any path', async () => {
    const listener = await ourListener()
    const { signal } = new AbortController()
    for (let count = 0; count < 12; count++) {
      const waiting = listener.accept({ signal })
      await rawClient(listener.address.port)
      await waiting
    }
    await rawClient(listener.address.port)
    await turns(3)
    await listener.accept({ signal })
    const failure = failureOf(listener.accept({ signal }))
    await listener.close()
    await failure
    await failureOf(listener.accept({ signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

// Pitfall 6: one client's failure never reaches another, or the accept loop.
describe('a client that resets its connection', () => {
  test('before accept was called, does not disturb the next client', async () => {
    const listener = await ourListener()
    for (let count = 0; count < 5; count++) await resettingClient(listener.address.port)
    const client = await rawClient(listener.address.port)
    await client.send('hi')
    const { socket, said } = await within(acceptSpeaking(listener), 'the client that speaks')
    expect(said).toBe('hi')
    expect(socket.remoteAddress.port).toBe(client.socket.localPort)
  })

  test('while accept waits, does not disturb the next client', async () => {
    const listener = await ourListener()
    const speaking = acceptSpeaking(listener)
    for (let count = 0; count < 5; count++) await resettingClient(listener.address.port)
    const client = await rawClient(listener.address.port)
    await client.send('hi')
    expect((await within(speaking, 'the client that speaks')).said).toBe('hi')
  })

  test('after it was accepted, does not disturb the others', async () => {
    const listener = await ourListener()
    const bad = await rawClient(listener.address.port)
    const badSocket = await listener.accept()
    const good = await rawClient(listener.address.port)
    const goodSocket = await listener.accept()
    await bad.reset()
    await good.send('hi')
    expect(String(await goodSocket.recv(10))).toBe('hi')
    expect(await failureOf(badSocket.recv(10))).toMatchObject({ code: 'ECONNRESET' })
    await goodSocket.sendAll('yes')
    goodSocket.shutdown()
    expect(String(await good.collect())).toBe('yes')
  })
})

describe('for await over a listener', () => {
  test('it gives each client, and ends when the listener is closed', async () => {
    const listener = await ourListener()
    const said: string[] = []
    const loop = (async () => {
      for await (const socket of listener) said.push(String(await receiveAll(socket)))
    })()
    for (const word of ['one', 'two', 'three']) {
      const client = await rawClient(listener.address.port)
      await client.send(word)
      client.end()
      const socket = client.socket
      await turns(2)
      expect(socket.destroyed).toBe(false)
    }
    await within(
      (async () => {
        while (said.length < 3) await turns(1)
      })(),
      'three clients',
    )
    await listener.close()
    await within(loop, 'the end of the loop')
    expect(said).toEqual(['one', 'two', 'three'])
  })

  // Pitfall 2: leaving a loop closes nothing.
  test('leaving the loop closes neither the client nor the listener', async () => {
    const listener = await ourListener()
    const first = await rawClient(listener.address.port)
    let kept: TcpSocket | undefined
    for await (const socket of listener) {
      kept = socket
      break
    }
    await turns(5)
    await first.send('still here')
    expect(kept && String(await kept.recv(20))).toBe('still here')
    const second = await rawClient(listener.address.port)
    const socket = await within(listener.accept(), 'the second client')
    expect(socket.remoteAddress.port).toBe(second.socket.localPort)
  })

  test('a loop begun after the close ends at once', async () => {
    const listener = await ourListener()
    await listener.close()
    for await (const socket of listener) expect(socket).toBe('no client')
  })
})

describe('close', () => {
  test('waiting accepts reject, and so does every later one', async () => {
    const listener = await ourListener()
    const failures = [failureOf(listener.accept()), failureOf(listener.accept())]
    await turns(2)
    await listener.close()
    for (const failure of failures) expect(await failure).toMatchObject(closed)
    expect(await failureOf(listener.accept())).toMatchObject({
      ...closed,
      port: listener.address.port,
    })
  })

  test('a client that comes afterwards is refused', async () => {
    const listener = await ourListener()
    await listener.close()
    const error = await failureOf(connect({ host: loopback, port: listener.address.port }))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('again is harmless', async () => {
    const listener = await ourListener()
    await Promise.all([listener.close(), listener.close()])
    await listener.close()
    expect(listener.address.host).toBe(loopback)
  })

  test('it does not wait for accepted sockets, and they go on', async () => {
    const listener = await ourListener()
    const client = await rawClient(listener.address.port)
    const socket = await listener.accept()
    await within(listener.close(), 'the close')
    await client.send('question')
    expect(String(await receive(socket, 8))).toBe('question')
    await socket.sendAll('answer')
    socket.shutdown()
    expect(String(await client.collect())).toBe('answer')
  })

  // Pitfall 17: Node's server.close() leaves them open, and never calls back.
  test('connections that nobody accepted are closed', async () => {
    const listener = await ourListener()
    const clients = [await rawClient(listener.address.port), await rawClient(listener.address.port)]
    await clients[0]?.send('is anybody there?')
    await turns(3)
    const gone = clients.map(
      (client) =>
        new Promise<void>((resolve) => {
          client.socket.on('end', resolve)
          client.socket.on('close', () => resolve())
          client.socket.resume()
        }),
    )
    await within(listener.close(), 'the close')
    await within(Promise.all(gone), 'the end of both clients')
  })

  test('an accept behind a closed listener gives no client that came before', async () => {
    const listener = await ourListener()
    await rawClient(listener.address.port)
    await turns(3)
    await listener.close()
    expect(await failureOf(listener.accept())).toMatchObject(closed)
  })
})

describe('the signal of listen', () => {
  test('aborted before, it rejects with the reason', async () => {
    const signal = AbortSignal.abort('never')
    expect(await failureOf(listen({ host: loopback, port: 0, signal }))).toBe('never')
  })

  test('aborted later, it closes the listener: a waiting accept rejects, a loop ends', async () => {
    const controller = new AbortController()
    const listener = await listen({ host: loopback, port: 0, signal: controller.signal })
    const failure = failureOf(listener.accept())
    controller.abort()
    expect(await within(failure, 'the rejection')).toMatchObject(closed)
    for await (const socket of listener) expect(socket).toBe('no client')
    await listener.close()
    const error = await failureOf(connect({ host: loopback, port: listener.address.port }))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  // Pitfall 10.
  test('it keeps no listener of a listener that was closed, or that could not start', async () => {
    const { signal } = new AbortController()
    const first = await listen({ host: loopback, port: 0, signal })
    await failureOf(listen({ host: loopback, port: first.address.port, signal }))
    await first.close()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('addresses', () => {
  test('port 0 gives a free port, which the address says', async () => {
    const [one, two] = [await ourListener(), await ourListener()]
    expect(one.address.host).toBe(loopback)
    expect(one.address.port).toBeGreaterThan(0)
    expect(two.address.port).not.toBe(one.address.port)
  })

  test('a port in use is an error with code, host and port, and its message names both', async () => {
    const { port } = (await ourListener()).address
    const error = await failureOf(listen({ host: loopback, port }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toMatchObject({ code: 'EADDRINUSE', host: loopback, port })
    expect(String(error)).toContain(loopback)
    expect(String(error)).toContain(String(port))
  })

  test('an address that is not this machine’s is an error with code, host and port', async () => {
    const error = await failureOf(listen({ host: '192.0.2.77', port: 0 }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', host: '192.0.2.77', port: 0 })
  })

  test('a server starts again at once on the port of the one before', async () => {
    const first = await listen({ host: loopback, port: 0 })
    const client = await rawClient(first.address.port)
    const socket = await first.accept()
    client.socket.on('end', () => client.end())
    client.socket.resume()
    await Promise.all([socket.close(), first.close()])
    const again = await listen({ host: loopback, port: first.address.port })
    expect(again.address).toEqual(first.address)
    await again.close()
  })

  test('on all interfaces an IPv4 client is shown as IPv4, on both ends', async () => {
    const listener = await listen({ port: 0 })
    onTestFinished(() => listener.close())
    const client = await rawClient(listener.address.port)
    const socket = await listener.accept()
    expect(socket.remoteAddress).toEqual({ host: loopback, port: client.socket.localPort })
    expect(socket.localAddress).toEqual({ host: loopback, port: listener.address.port })
  })

  test('on all interfaces an IPv6 client is served by the same socket', async () => {
    if (!hasIpv6('the test of an IPv6 client')) return
    const listener = await listen({ port: 0 })
    onTestFinished(() => listener.close())
    const client = netConnect(listener.address.port, '::1')
    onTestFinished(() => {
      client.destroy()
    })
    await once(client, 'connect')
    const socket = await listener.accept()
    expect(socket.remoteAddress).toEqual({ host: '::1', port: client.localPort })
  })
})

test.each([
  ['::1', '127.0.0.1'],
  ['127.0.0.1', '::1'],
])('a name with the addresses %s and %s listens on the IPv4 one', async (...addresses) => {
  knowName('twofold', addresses)
  const listener = await listen({ host: 'twofold', port: 0 })
  onTestFinished(() => listener.close())
  expect(listener.address.host).toBe('127.0.0.1')
})
