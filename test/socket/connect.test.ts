// connect: who is reached, what is said when nobody is, and for how long it is tried.
import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, SocketError, type TcpSocket } from '../../src/index.ts'
import { knowName } from '../support/known-names.ts'
import { hasIpv6, hasNamespaces, hasProgram } from '../support/requirements.ts'
import {
  aWhile,
  failureOf,
  loopback,
  ourListener,
  portOf,
  rawServer,
  receive,
  receiveAll,
  refusingPort,
  runWords,
  scriptWords,
  silentPort,
  staysPending,
  turns,
} from '../support/sockets.ts'
import { within } from '../support/waiting.ts'

function closeWithTest(socket: TcpSocket): TcpSocket {
  onTestFinished(() => socket.close())
  return socket
}

describe('a connection', () => {
  test('reaches a listening port, and both addresses are those of the wire', async () => {
    const server = await rawServer()
    const socket = closeWithTest(await connect({ host: loopback, port: server.port }))
    const raw = await server.accept()
    expect(socket.remoteAddress).toEqual({ host: loopback, port: server.port })
    expect(socket.localAddress).toEqual({ host: loopback, port: raw.socket.remotePort })
    raw.end()
  })

  test('by the name localhost its address is numeric', async () => {
    const server = await rawServer()
    const socket = closeWithTest(await connect({ host: 'localhost', port: server.port }))
    expect(socket.remoteAddress).toEqual({ host: loopback, port: server.port })
    const raw = await server.accept()
    raw.end()
  })

  // Pitfall 15: for the side that connects.
  test('bytes and an end of data that came before the first recv are there', async () => {
    const server = createServer({ allowHalfOpen: true }, (raw) => {
      raw.on('error', () => {})
      raw.end('welcome')
      onTestFinished(() => {
        raw.destroy()
      })
    }).listen(0, loopback)
    onTestFinished(() => {
      server.close()
    })
    const port = await portOf(server)
    const socket = closeWithTest(await connect({ host: loopback, port }))
    await aWhile(100)
    expect(String(await receiveAll(socket))).toBe('welcome')
    await socket.sendAll('thanks')
  })
})

describe('an error of connect', () => {
  test('refused, it has code, host and port, and its message names both', async () => {
    const { port } = await refusingPort()
    const error = await failureOf(connect({ host: loopback, port }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', host: loopback, port })
    expect(String(error)).toContain(loopback)
    expect(String(error)).toContain(String(port))
  })

  // Pitfall 9: `localhost` may be two addresses, and Node's error for them has an empty message.
  test('it has the host as the caller gave it', async () => {
    const { port } = await refusingPort()
    const error = await failureOf(connect({ host: 'localhost', port }))
    expect(error).toMatchObject({ code: 'ECONNREFUSED', host: 'localhost', port })
    expect(String(error)).toContain('localhost')
    expect(String(error)).toContain(String(port))
  })

  test('for a name that does not resolve, it says so with host and port', async () => {
    const error = await failureOf(connect({ host: 'no..such..host', port: 2000 }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
      host: 'no..such..host',
      port: 2000,
    })
    expect(String(error)).toContain('no..such..host')
    expect(String(error)).toContain('2000')
  })
})

describe('a name with several addresses', () => {
  // Pitfall 9: when every address fails, Node's AggregateError has an empty message.
  test('the error names each address when all refuse', async () => {
    const { port } = await refusingPort()
    const addresses = hasIpv6('one address of two is ::1')
      ? ['::1', '127.0.0.1']
      : ['127.0.0.1', '127.0.0.2']
    knowName('many.example', addresses)
    const error = await failureOf(connect({ host: 'many.example', port }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', host: 'many.example', port })
    for (const part of ['many.example', String(port), ...addresses]) {
      expect(String(error)).toContain(part)
    }
  })

  test('the next address is tried where the first refuses', async () => {
    const server = await rawServer()
    const other = hasIpv6('the first address is ::1') ? '::1' : '127.0.0.2'
    knowName('many.example', [other, loopback])
    const socket = closeWithTest(await connect({ host: 'many.example', port: server.port }))
    expect(socket.remoteAddress).toEqual({ host: loopback, port: server.port })
    const raw = await server.accept()
    await raw.send('hello')
    expect(String(await receive(socket, 5))).toBe('hello')
    raw.end()
  })
})

/** A Linux machine has all of 127.0.0.0/8, so an address that is silent on a port of another. */
describe.runIf(process.platform === 'linux')('a name with an address that does not answer', () => {
  const silent = '127.0.0.2'
  /** Nobody else uses it, so a port that is free at the silent one is free here. */
  const answering = '127.0.0.3'

  test('the next is tried beside it, and the first that answers is taken', async () => {
    const port = await silentPort(silent)
    const server = await rawServer({ host: answering, port })
    knowName('half-dead.test', [silent, answering])
    const connected = connect({ host: 'half-dead.test', port })
    const socket = closeWithTest(await within(connected, 'the connection'))
    expect(socket.remoteAddress).toEqual({ host: answering, port })
    const raw = await server.accept()
    raw.end()
  })

  test('the time for all tries is not given to each address anew', async () => {
    const port = await silentPort(silent)
    knowName('dead.test', Array(8).fill(silent))
    const start = performance.now()
    const error = await within(
      failureOf(connect({ host: 'dead.test', port, retryMs: 600 })),
      'the end of the tries',
    )
    expect(error).toMatchObject({ code: 'ETIMEDOUT', host: 'dead.test', port })
    expect(performance.now() - start).toBeLessThan(8 * 600)
  })

  test('one that comes up later is found, while the other is silent as ever', async () => {
    const port = await silentPort(silent)
    knowName('half-up.test', [silent, answering])
    const connected = connect({ host: 'half-up.test', port, retryMs: 20_000 })
    expect(await staysPending(connected, 400)).toBe(true)
    const server = await rawServer({ host: answering, port })
    const socket = closeWithTest(await within(connected, 'the connection'))
    expect(socket.remoteAddress).toEqual({ host: answering, port })
    const raw = await server.accept()
    raw.end()
  })

  test('an abort ends all attempts', async () => {
    const port = await silentPort(silent)
    knowName('dead.test', [silent, silent, silent])
    const aborting = new AbortController()
    const { signal } = aborting
    const connected = failureOf(connect({ host: 'dead.test', port, signal }))
    expect(await staysPending(connected, 600)).toBe(true)
    aborting.abort(new Error('enough'))
    expect(await connected).toEqual(new Error('enough'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('a resolver that does not answer', () => {
  test.each([{ timeoutMs: 200 }, { retryMs: 200 }])('ends with %o', async (options) => {
    knowName('slow.test', [loopback], 5000)
    const connected = failureOf(connect({ host: 'slow.test', port: 1, ...options }))
    const error = await within(connected, 'the time-out')
    expect(error).toMatchObject({ code: 'ETIMEDOUT', host: 'slow.test', port: 1 })
  })
})

describe('retryMs', () => {
  test('connects when the server comes up late', async () => {
    const { port, open } = await refusingPort()
    const connected = connect({ host: loopback, port, retryMs: 20_000 })
    expect(await staysPending(connected, 200)).toBe(true)
    const server = createServer((raw) => {
      raw.on('error', () => {})
      raw.end('hi')
    })
    open(server)
    const socket = closeWithTest(await within(connected, 'the connection'))
    expect(String(await receiveAll(socket))).toBe('hi')
  })

  test('gives up after that time, with the error of the last try', async () => {
    const { port } = await refusingPort()
    const start = performance.now()
    const error = await failureOf(connect({ host: loopback, port, retryMs: 400 }))
    expect(error).toBeInstanceOf(SocketError)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', host: loopback, port })
    expect(performance.now() - start).toBeGreaterThan(250)
  })

  test.runIf(process.platform === 'linux')(
    'ends a try in which nobody answers when the time for all of them is over',
    async () => {
      const port = await silentPort()
      const start = performance.now()
      const error = await within(
        failureOf(connect({ host: loopback, port, retryMs: 500 })),
        'the end of the tries',
      )
      expect(error).toBeInstanceOf(SocketError)
      expect(error).toMatchObject({ code: 'ETIMEDOUT', host: loopback, port })
      expect(performance.now() - start).toBeGreaterThan(450)
      // The operating system alone would try for two minutes.
      expect(performance.now() - start).toBeLessThan(10_000)
    },
  )

  test('without it there is one try', async () => {
    const { port, open } = await refusingPort()
    const failure = failureOf(connect({ host: loopback, port }))
    expect(await failure).toMatchObject({ code: 'ECONNREFUSED' })
    const server = createServer()
    let clients = 0
    server.on('connection', () => clients++)
    open(server)
    await once(server, 'listening')
    await aWhile(200)
    expect(clients).toBe(0)
  })

  // Pitfall 10: many tries with one signal.
  test('leaves no listener on the signal, whether it connects or not', async () => {
    const { port } = await refusingPort()
    const { signal } = new AbortController()
    await failureOf(connect({ host: loopback, port, retryMs: 300, signal }))
    await failureOf(connect({ host: 'localhost', port, signal }))
    await failureOf(connect({ host: 'no..such..host', port, signal }))
    await failureOf(connect({ host: loopback, port, timeoutMs: 5000, signal }))
    const server = await rawServer()
    closeWithTest(
      await connect({ host: loopback, port: server.port, timeoutMs: 20_000, retryMs: 1, signal }),
    )
    const raw = await server.accept()
    raw.end()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('timeoutMs', () => {
  test.runIf(process.platform === 'linux')(
    'ends with ETIMEDOUT where nobody answers, with host and port',
    async () => {
      const port = await silentPort()
      const error = await within(
        failureOf(connect({ host: loopback, port, timeoutMs: 200 })),
        'the time-out',
      )
      expect(error).toBeInstanceOf(SocketError)
      expect(error).toMatchObject({ code: 'ETIMEDOUT', host: loopback, port })
      expect(String(error)).toContain(loopback)
      expect(String(error)).toContain(String(port))
    },
  )

  test.runIf(process.platform === 'linux')('is for each try, retryMs for all', async () => {
    const port = await silentPort()
    const start = performance.now()
    const error = await within(
      failureOf(connect({ host: loopback, port, timeoutMs: 100, retryMs: 700 })),
      'the last time-out',
    )
    expect(error).toMatchObject({ code: 'ETIMEDOUT', host: loopback, port })
    expect(performance.now() - start).toBeGreaterThan(400)
  })

  // Node's timers fire at once beyond 2 ** 31 milliseconds.
  test.each([1e10, Infinity])('of %d ms connects to a port that listens', async (timeoutMs) => {
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', onWarning)
    const server = await rawServer()
    const connected = connect({ host: loopback, port: server.port, timeoutMs })
    const socket = closeWithTest(await within(connected, 'the connection'))
    const raw = await server.accept()
    await raw.send('hi')
    expect(String(await receive(socket, 2))).toBe('hi')
    raw.end()
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  test('once connected, a silent peer is not timed out', async () => {
    const server = await rawServer()
    const socket = closeWithTest(
      await connect({ host: loopback, port: server.port, timeoutMs: 500 }),
    )
    const raw = await server.accept()
    const waiting = socket.recv(10)
    expect(await staysPending(waiting, 600)).toBe(true)
    await raw.send('late')
    expect(String(await waiting)).toBe('late')
    raw.end()
  })
})

describe('signal', () => {
  test('aborted before, it rejects with the reason and nobody is connected', async () => {
    const listener = await ourListener()
    const reason = new Error('no more')
    const { port } = listener.address
    const signal = AbortSignal.abort(reason)
    expect(await failureOf(connect({ host: loopback, port, signal }))).toBe(reason)
    const accepted = listener.accept()
    expect(await staysPending(accepted)).toBe(true)
    await listener.close()
    await failureOf(accepted)
  })

  test('aborted in the turn of the call, it rejects with the reason', async () => {
    const listener = await ourListener()
    const controller = new AbortController()
    const { port } = listener.address
    const failure = failureOf(connect({ host: loopback, port, signal: controller.signal }))
    controller.abort('changed my mind')
    expect(await failure).toBe('changed my mind')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('aborted while it waits for the next try, it rejects with the reason', async () => {
    const { port } = await refusingPort()
    const controller = new AbortController()
    const { signal } = controller
    const failure = failureOf(connect({ host: loopback, port, retryMs: 60_000, signal }))
    await staysPending(failure, 100)
    controller.abort('enough')
    expect(await within(failure, 'the rejection')).toBe('enough')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test.runIf(process.platform === 'linux')(
    'aborted while nobody answers, it rejects with the reason',
    async () => {
      const port = await silentPort()
      const controller = new AbortController()
      const { signal } = controller
      const failure = failureOf(connect({ host: loopback, port, timeoutMs: 60_000, signal }))
      await turns(5)
      controller.abort('enough')
      expect(await within(failure, 'the rejection')).toBe('enough')
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    },
  )
})

// Pitfall 20. A network of its own, with an ephemeral range of two ports, makes it happen each time.
const twoPorts = 'ip link set lo up && echo 40000 40001 >/proc/sys/net/ipv4/ip_local_port_range'
const ownNetwork = [
  'unshare',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  `${twoPorts} && exec "$0" "$@"`,
]
const connectionsToOneself = 'connections to oneself'
const hasOwnNetwork = hasNamespaces(['--net'], connectionsToOneself)

test.runIf(hasOwnNetwork && hasProgram('ip', connectionsToOneself))(
  'a connection to oneself is refused, and retryMs goes on to the server that was meant',
  async () => {
    const words = [...ownNetwork, ...scriptWords('connect-to-oneself.ts', 40_000)]
    const { stdout, stderr } = await runWords(words)
    expect(stderr).toBe('')
    const refused = 'ECONNREFUSED'
    const told = { toItself: true, once: refused, often: refused, received: 'hello' }
    expect(JSON.parse(stdout)).toEqual(told)
  },
)

// Pitfall 21.
test('a process stopped for longer than timeoutMs connects where the answer came in time', async () => {
  const server = await rawServer()
  const timeoutMs = 200
  let pid = 0
  const words = scriptWords('stopped-while-connecting.ts', server.port, timeoutMs)
  const running = runWords(words, (started) => {
    pid = started
  })
  const peer = await server.accept()
  await aWhile(2 * timeoutMs)
  process.kill(pid, 'SIGCONT')
  peer.end()
  expect(await running).toMatchObject({ stdout: 'connected\n', stderr: '' })
})
