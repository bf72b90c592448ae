// The selector: who is ready, in which order, and when the wait ends.
import { describe, expect, test } from 'vitest'
import { type Listener, Selector, type TcpSocket } from '../../src/index.ts'
import {
  failureOf,
  ourListener,
  ourPair,
  oursAndRaw,
  rawClient,
  receive,
  sides,
  staysPending,
  turn,
  turns,
} from '../support/sockets.ts'
import { within } from '../support/waiting.ts'

type Source = TcpSocket | Listener

function selectorOf(...sources: Source[]): Selector {
  const selector = new Selector()
  for (const source of sources) selector.register(source)
  return selector
}

function select(selector: Selector, timeoutMs?: number): Promise<Source[]> {
  return within(selector.select(timeoutMs), 'a ready socket')
}

/** Selects until so many are ready at once: what was sent together need not arrive together. */
async function selectAll(selector: Selector, count: number): Promise<Source[]> {
  const poll = async () => {
    while (true) {
      const ready = await selector.select()
      if (ready.length >= count) return ready
      await turn()
    }
  }
  return within(poll(), `${count} ready sockets`)
}

describe.each(sides)('a socket on the side that %s', (side) => {
  test('is ready when bytes come, and wakes the wait', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selecting = selectorOf(ours).select()
    expect(await staysPending(selecting)).toBe(true)
    await raw.send('x')
    expect(await within(selecting, 'a ready socket')).toEqual([ours])
  })

  test('stays ready until it is read empty, and is ready again with new bytes', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = selectorOf(ours)
    await raw.send('abc')
    expect(await select(selector)).toEqual([ours])
    expect(await select(selector)).toEqual([ours])
    await ours.recv(1)
    // Level-triggered: what is left in the layer's own buffer counts.
    expect(await select(selector)).toEqual([ours])
    expect(String(await receive(ours, 2))).toBe('bc')
    expect(await select(selector, 50)).toEqual([])
    await raw.send('d')
    expect(await select(selector)).toEqual([ours])
  })

  test('is ready at the end of data, and stays so', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = selectorOf(ours)
    const selecting = selector.select()
    await turns(3)
    raw.end()
    expect(await within(selecting, 'the end of data')).toEqual([ours])
    expect(ours.tryRecv(1)).toEqual(Buffer.alloc(0))
    expect(await select(selector)).toEqual([ours])
  })

  test('is ready at an error, and stays so', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = selectorOf(ours)
    const selecting = selector.select()
    await turns(3)
    await raw.reset()
    expect(await within(selecting, 'the error')).toEqual([ours])
    expect(() => ours.tryRecv(1)).toThrow(expect.objectContaining({ code: 'ECONNRESET' }))
    expect(await select(selector)).toEqual([ours])
  })

  test('is ready when it is closed, which wakes the wait, until it is unregistered', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = selectorOf(ours)
    const selecting = selector.select()
    await turns(3)
    const done = ours.close()
    expect(await within(selecting, 'the closed socket')).toEqual([ours])
    raw.end()
    await done
    expect(await select(selector)).toEqual([ours])
    selector.unregister(ours)
    expect(await select(selector, 20)).toEqual([])
  })

  test('is ready at once where bytes came before it was registered', async () => {
    const { ours, raw } = await oursAndRaw(side)
    await raw.send('abc')
    await ours.recv(1)
    expect(await select(selectorOf(ours))).toEqual([ours])
    expect(String(await receive(ours, 2))).toBe('bc')
  })

  test('that was closed before it was registered is ready', async () => {
    const { ours, raw } = await oursAndRaw(side)
    raw.end()
    await ours.close()
    expect(await select(selectorOf(ours))).toEqual([ours])
  })

  test('is left as it is by a wait: all its bytes are there for recv', async () => {
    const { ours, raw } = await oursAndRaw(side)
    const selector = selectorOf(ours)
    for (let round = 0; round < 5; round++) {
      await raw.send(`${round}`)
      expect(await select(selector)).toEqual([ours])
    }
    expect(String(await receive(ours, 5))).toBe('01234')
  })
})

describe('a listener', () => {
  test('is ready while a client waits to be accepted', async () => {
    const listener = await ourListener()
    const selector = selectorOf(listener)
    const selecting = selector.select()
    expect(await staysPending(selecting)).toBe(true)
    const client = await rawClient(listener.address.port)
    expect(await within(selecting, 'a client')).toEqual([listener])
    expect(await select(selector)).toEqual([listener])
    const socket = await listener.accept()
    expect(socket.remoteAddress.port).toBe(client.socket.localPort)
    expect(await select(selector, 50)).toEqual([])
  })

  test('is ready when it is closed, which wakes the wait, until it is unregistered', async () => {
    const listener = await ourListener()
    const selector = selectorOf(listener)
    const selecting = selector.select()
    await turns(3)
    await listener.close()
    expect(await within(selecting, 'the closed listener')).toEqual([listener])
    expect(await select(selector)).toEqual([listener])
    selector.unregister(listener)
    expect(await select(selector, 20)).toEqual([])
  })

  test('and sockets can be waited for together', async () => {
    const listener = await ourListener()
    const { client, server } = await ourPair()
    const selector = selectorOf(listener, server)
    await client.sendAll('x')
    expect(await select(selector)).toEqual([server])
    await rawClient(listener.address.port)
    expect(await selectAll(selector, 2)).toEqual([listener, server])
  })
})

describe('several sockets', () => {
  test('come in the order of their registration, not of their bytes', async () => {
    const pairs = [await ourPair(), await ourPair(), await ourPair(), await ourPair()]
    const servers = pairs.map(({ server }) => server)
    const selector = selectorOf(...servers)
    for (const { client } of pairs.slice(1).reverse()) await client.sendAll('x')
    expect(await selectAll(selector, 3)).toEqual(servers.slice(1))
    await pairs[0]?.client.sendAll('x')
    expect(await selectAll(selector, 4)).toEqual(servers)
  })

  test('one that is unregistered is not given any more, ready or not', async () => {
    const one = await ourPair()
    const two = await ourPair()
    const selector = selectorOf(one.server, two.server)
    await one.client.sendAll('x')
    await two.client.sendAll('y')
    expect(await selectAll(selector, 2)).toEqual([one.server, two.server])
    selector.unregister(one.server)
    expect(await select(selector)).toEqual([two.server])
    expect(String(await one.server.recv(10))).toBe('x')
    selector.register(one.server)
    await one.client.sendAll('z')
    expect(await selectAll(selector, 2)).toEqual([two.server, one.server])
  })

  test('one that stays ready does not hide the others', async () => {
    const busy = await ourPair()
    const other = await ourPair()
    await busy.client.sendAll('never read')
    const selector = selectorOf(busy.server, other.server)
    expect(await select(selector)).toEqual([busy.server])
    await other.client.sendAll('x')
    expect(await selectAll(selector, 2)).toEqual([busy.server, other.server])
  })

  test('two selectors on one socket both see it', async () => {
    const { client, server } = await ourPair()
    const [one, two] = [selectorOf(server), selectorOf(server)]
    const selecting = Promise.all([one.select(), two.select()])
    await turns(3)
    await client.sendAll('x')
    expect(await within(selecting, 'both')).toEqual([[server], [server]])
    one.unregister(server)
    expect(await select(two)).toEqual([server])
  })
})

describe('time', () => {
  test('a time-out gives an empty array, and not before its time', async () => {
    const { server } = await ourPair()
    const start = performance.now()
    expect(await select(selectorOf(server), 60)).toEqual([])
    expect(performance.now() - start).toBeGreaterThan(55)
  })

  test('a time-out of 0 asks and does not wait', async () => {
    const { client, server } = await ourPair()
    const selector = selectorOf(server)
    expect(await select(selector, 0)).toEqual([])
    await client.sendAll('x')
    const poll = async () => {
      while (true) {
        const ready = await selector.select(0)
        if (ready.length > 0) return ready
      }
    }
    expect(await within(poll(), 'a ready socket')).toEqual([server])
  })

  test.each([Number.NaN, -1])('%d is no time: a RangeError, and no wait', async (timeoutMs) => {
    const { server } = await ourPair()
    const selector = selectorOf(server)
    expect(await failureOf(selector.select(timeoutMs))).toBeInstanceOf(RangeError)
    expect(await select(selector, 0)).toEqual([])
  })

  // Node's timers warn and fire at once beyond 2 ** 31 milliseconds.
  test.each([1e10, Infinity])(
    'a time-out of %d ms waits, and warns of nothing',
    async (timeoutMs) => {
      const warnings: string[] = []
      const onWarning = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`)
      process.on('warning', onWarning)
      const { client, server } = await ourPair()
      const selecting = selectorOf(server).select(timeoutMs)
      expect(await staysPending(selecting)).toBe(true)
      await client.sendAll('x')
      expect(await within(selecting, 'a ready socket')).toEqual([server])
      process.off('warning', onWarning)
      expect(warnings).toEqual([])
    },
  )

  // Without a turn of the event loop in each select no input could ever arrive.
  test('a loop of selects over a socket that is always ready lets the others’ input in', async () => {
    const busy = await ourPair()
    const other = await ourPair()
    await busy.client.sendAll('never read')
    const selector = selectorOf(busy.server, other.server)
    expect(await select(selector)).toEqual([busy.server])
    await other.client.sendAll('x')
    let ready: Source[] = []
    // Far more turns than the input needs; a loop without turns would block even the test's limit.
    for (let count = 0; count < 200_000 && ready.length < 2; count++) {
      ready = await selector.select()
    }
    expect(ready).toEqual([busy.server, other.server])
  })

  test('each select lets timers and other callbacks run, ready sockets or not', async () => {
    const { client, server } = await ourPair()
    await client.sendAll('never read')
    const selector = selectorOf(server)
    await select(selector)
    let ran = false
    setTimeout(() => {
      ran = true
    }, 0)
    for (let count = 0; count < 200_000 && !ran; count++) await selector.select()
    expect(ran).toBe(true)
  })
})

describe('the server of the tutorial’s section 6', () => {
  test('one letter at a time it serves its clients, also where several come in one segment', async () => {
    const one = await ourPair()
    const two = await ourPair()
    const selector = selectorOf(one.server, two.server)
    let value = ''
    const serve = async () => {
      for (let clients = 2; clients > 0; ) {
        for (const source of await selector.select()) {
          if (source !== one.server && source !== two.server) throw new Error('a stranger')
          const letter = source.tryRecv(1)
          if (letter === undefined) throw new Error('a ready socket has nothing')
          if (letter.length === 0) {
            selector.unregister(source)
            await source.close()
            clients--
          } else {
            value += String(letter)
            await source.sendAll(value)
          }
        }
      }
    }
    const serving = serve()
    await one.client.sendAll('a')
    expect(String(await one.client.recv(10))).toBe('a')
    await one.client.sendAll('bcd')
    expect(String(await receive(one.client, 2 + 3 + 4))).toBe('ababcabcd')
    await two.client.sendAll('u')
    expect(String(await receive(two.client, 5))).toBe('abcdu')
    one.client.shutdown()
    expect(await one.client.recv(1)).toEqual(Buffer.alloc(0))
    await two.client.sendAll('v')
    expect(String(await receive(two.client, 6))).toBe('abcduv')
    two.client.shutdown()
    await within(serving, 'the end of the server')
    expect(value).toBe('abcduv')
  })
})

describe('a second select while one waits', () => {
  test('rejects with ERR_READER_WAITING, and the first still gets its answer', async () => {
    const { client, server } = await ourPair()
    const selector = selectorOf(server)
    const selecting = selector.select()
    for (const timeoutMs of [undefined, 0, 50]) {
      const failure = await failureOf(selector.select(timeoutMs))
      expect(failure).toMatchObject({ code: 'ERR_READER_WAITING' })
    }
    await client.sendAll('x')
    expect(await within(selecting, 'a ready socket')).toEqual([server])
    expect(await select(selector)).toEqual([server])
  })
})

describe('listeners', () => {
  // Pitfall 10.
  test('many selects and registrations leave none behind', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', onWarning)
    const { client, server } = await ourPair()
    const listener = await ourListener()
    const selector = selectorOf(server, listener)
    for (let round = 0; round < 30; round++) {
      await selector.select(0)
      await client.sendAll('x')
      await selectAll(selector, 1)
      await server.recv(10)
      selector.unregister(server)
      selector.register(server)
    }
    await Promise.all(Array.from({ length: 30 }, () => selectorOf(server, listener).select(1)))
    await turns(3)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  test('a wait ends nothing: recv may be called while a select waits', async () => {
    const { client, server } = await ourPair()
    const selecting = selectorOf(server).select(20_000)
    const waiting = server.recv(10)
    await client.sendAll('x')
    expect(String(await within(waiting, 'the letter'))).toBe('x')
    await client.sendAll('y')
    expect(await within(selecting, 'a ready socket')).toEqual([server])
    expect(await failureOf(server.recv(0))).toBeInstanceOf(RangeError)
  })
})
