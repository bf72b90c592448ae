// Connections for the tests of the socket layer: two of our sockets, or one of ours and a bare one of node:net.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { connect, type Listener, listen, Selector, type TcpSocket } from '../../src/index.ts'
import { within } from './waiting.ts'

export const loopback = '127.0.0.1'

/** Far more than the kernel's buffers of both ends of a loopback connection hold together. */
export const moreThanTheKernelHolds = 48 * 1024 * 1024

/** Which end of the connection is ours: sockets from `connect` and from `accept` work differently. */
export const sides = ['connected', 'accepted'] as const
export type Side = (typeof sides)[number]

/** A bare socket that reads nothing until it is told to. */
export interface RawPeer {
  readonly socket: Socket
  /** The codes of the errors that it met. */
  readonly errors: string[]
  /** Resolves when the operating system has taken the bytes. */
  send(data: string | Uint8Array): Promise<void>
  /** Sends the end of data; receiving goes on. */
  end(): void
  /** Cuts the connection by a RST; resolves when that is sent. */
  reset(): Promise<void>
  /** Reads to the end of data and gives all bytes; rejects when the connection breaks before. */
  collect(): Promise<Buffer>
}

function rawPeer(socket: Socket): RawPeer {
  const errors: string[] = []
  socket.setNoDelay(true)
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message))
  return {
    socket,
    errors,
    send: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => (error ? reject(error) : resolve()))
      }),
    end: () => {
      socket.end()
    },
    reset: async () => {
      const closed = once(socket, 'close')
      socket.resetAndDestroy()
      await closed
    },
    collect: () => {
      const chunks: Buffer[] = []
      const finished = new Promise<Buffer>((resolve, reject) => {
        socket.on('data', (chunk: Buffer) => chunks.push(chunk))
        socket.on('end', () => resolve(Buffer.concat(chunks)))
        socket.on('error', reject)
        socket.on('close', () => reject(new Error('closed without an end of data')))
        socket.resume()
      })
      const count = () => `${chunks.reduce((sum, chunk) => sum + chunk.length, 0)} bytes`
      return within(finished, 'the end of data', count)
    },
  }
}

export async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A bare client of a port; it reads nothing until told to. Ends with the test. */
export async function rawClient(port: number, host = loopback): Promise<RawPeer> {
  const socket = netConnect({ port, host, allowHalfOpen: true })
  socket.pause()
  onTestFinished(() => {
    socket.destroy()
  })
  const peer = rawPeer(socket)
  await within(once(socket, 'connect'), `a connection to port ${port}`)
  return peer
}

/** A bare server; `accept` gives its next client. Ends with the test. */
export async function rawServer(
  at: { host: string; port: number } = { host: loopback, port: 0 },
): Promise<{
  port: number
  accept(): Promise<RawPeer>
}> {
  const waiting: RawPeer[] = []
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    onClientGone.push(() => socket.destroy())
    waiting.push(rawPeer(socket))
    server.emit('client')
  })
  const onClientGone: (() => void)[] = []
  onTestFinished(() => {
    for (const destroy of onClientGone) destroy()
    server.close()
  })
  server.listen(at)
  const port = await portOf(server)
  const accept = async () => {
    while (true) {
      const peer = waiting.shift()
      if (peer !== undefined) return peer
      await within(once(server, 'client'), 'a client')
    }
  }
  return { port, accept }
}

/** The connection from that port: another test's client may have taken ours for an unused one. */
async function acceptFrom(listener: Listener, port: number | undefined): Promise<TcpSocket> {
  while (true) {
    const socket = await listener.accept()
    if (socket.remoteAddress.port === port) return socket
    socket.reset()
  }
}

/** A listener of ours on the loopback interface that ends with the test. */
export async function ourListener(idleTimeoutMs?: number): Promise<Listener> {
  const listener = await listen({ host: loopback, port: 0, backlog: 128, idleTimeoutMs })
  onTestFinished(() => listener.close())
  return listener
}

export interface PairOptions {
  /** For the side that connects. */
  recvSize?: number
  idleTimeoutMs?: number
}

/** Two sockets of ours that are connected with each other. They end with the test. */
export async function ourPair(
  options: PairOptions = {},
): Promise<{ client: TcpSocket; server: TcpSocket }> {
  const listener = await ourListener()
  const { port } = listener.address
  const client = await connect({ host: loopback, port, ...options })
  const server = await acceptFrom(listener, client.localAddress.port)
  onTestFinished(async () => {
    await Promise.all([client.close(), server.close()])
  })
  return { client, server }
}

/** A socket of ours and a bare peer. Both end with the test: the bare one first, so nobody lingers. */
export async function oursAndRaw(
  side: Side,
  options: PairOptions = {},
): Promise<{ ours: TcpSocket; raw: RawPeer }> {
  if (side === 'connected') {
    const server = await rawServer()
    const [ours, raw] = await Promise.all([
      connect({ host: loopback, port: server.port, ...options }),
      server.accept(),
    ])
    endWithTest(ours, raw)
    return { ours, raw }
  }
  const listener = await ourListener(options.idleTimeoutMs)
  const raw = await rawClient(listener.address.port)
  const ours = await acceptFrom(listener, raw.socket.localPort)
  endWithTest(ours, raw)
  return { ours, raw }
}

function endWithTest(ours: TcpSocket, raw: RawPeer): void {
  onTestFinished(async () => {
    raw.socket.destroy()
    await ours.close()
  })
}

/** One turn of the event loop, in which input can arrive. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn()
}

/** What a promise rejects with. Handled at once, so that waiting for it later is no unhandled rejection. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('no failure: the promise was resolved'),
    (error: unknown) => error,
  )
}

/** Time in which nothing is called: what must be kept for a later call has to outlast it. */
export async function aWhile(milliseconds: number): Promise<void> {
  await delay(milliseconds)
}

/**
 * Whether a promise has not settled after some time. A right implementation passes however slow
 * the machine is: what must not happen does not happen later either.
 */
export async function staysPending(promise: Promise<unknown>, forMs = 150): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  )
  return Promise.race([settled, delay(forMs, true)])
}

/** Waits until a read would give or throw something at once, and reads nothing. */
export async function readable(socket: TcpSocket): Promise<void> {
  const selector = new Selector()
  selector.register(socket)
  await within(selector.select(), 'a readable socket')
  selector.unregister(socket)
}

/** Every byte up to the end of data. */
export async function receiveAll(socket: TcpSocket, maxBytes = 65_536): Promise<Buffer> {
  const chunks: Buffer[] = []
  while (true) {
    const chunk = await socket.recv(maxBytes)
    if (chunk.length === 0) return Buffer.concat(chunks)
    chunks.push(chunk)
  }
}

/** Exactly so many bytes, or fewer at the end of data. */
export async function receive(socket: TcpSocket, count: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let missing = count; missing > 0; ) {
    const chunk = await socket.recv(missing)
    if (chunk.length === 0) break
    chunks.push(chunk)
    missing -= chunk.length
  }
  return Buffer.concat(chunks)
}

/** Cuts bytes into pieces of the given sizes, which are used again and again. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = []
  let start = 0
  for (let index = 0; start < bytes.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1)
    cut.push(Buffer.from(bytes.subarray(start, start + size)))
    start += size
  }
  return cut
}

/** Sends bytes in pieces, a segment and a turn of the event loop each, and then the end of data. */
export async function feed(
  raw: RawPeer,
  bytes: Uint8Array | string,
  sizes: readonly number[],
): Promise<void> {
  for (const piece of pieces(Buffer.from(bytes), sizes)) {
    await raw.send(piece)
    await turn()
  }
  raw.end()
}

/** Bytes in which every position can be told from its neighbours, so that order and loss show. */
export function numberedBytes(count: number, seed = 0): Buffer {
  const period = Buffer.alloc(Math.min(count, 1 << 16))
  for (let index = 0; index < period.length; index++)
    period[index] = (index * 31 + (index >> 8) + seed) & 255
  return Buffer.alloc(count, period)
}

/**
 * A port where connections are refused and that no other program is given meanwhile: a connection
 * between two sockets of this process holds it. `open` lets a server listen there.
 */
export async function refusingPort(): Promise<{
  port: number
  open(server: Server): void
}> {
  const hub = createServer().listen(0, loopback)
  const hubPort = await portOf(hub)
  const draft = createServer().listen(0, loopback)
  const port = await portOf(draft)
  draft.close()
  await once(draft, 'close')
  const holder = netConnect({ port: hubPort, host: loopback, localPort: port })
  holder.on('error', () => {})
  onTestFinished(() => {
    holder.destroy()
    hub.close()
  })
  hub.on('connection', (socket) => {
    socket.on('error', () => {})
    holder.on('close', () => socket.destroy())
  })
  await within(once(holder, 'connect'), 'a held port')
  return {
    port,
    open: (server) => {
      onTestFinished(() => {
        server.close()
      })
      server.listen(port, loopback)
    },
  }
}

const listenAndSleepForever = `
  const server = require('node:net').createServer().listen(0, process.argv[1], 1, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/**
 * A port where a connection neither comes about nor is refused: its program sleeps and accepts
 * nobody, and its backlog is full, so that Linux drops the SYN of whoever comes next.
 */
export async function silentPort(host = loopback): Promise<number> {
  const child = spawn(process.execPath, ['-e', listenAndSleepForever, host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const fillers: Socket[] = []
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  })
  const [text] = await within(once(child.stdout, 'data'), 'the port of a sleeping server')
  const port = Number(String(text))
  let connected = 0
  const full = new Promise<void>((resolve) => {
    for (let count = 0; count < 16; count++) {
      const filler = netConnect(port, host, () => {
        connected++
        if (connected === 2) resolve()
      })
      filler.on('error', () => {})
      fillers.push(filler)
    }
  })
  await within(full, 'a full backlog')
  return port
}

export interface ScriptResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** The words that run a program of test/socket/scripts. */
export function scriptWords(name: string, ...args: (string | number)[]): string[] {
  const path = fileURLToPath(new URL(`../socket/scripts/${name}`, import.meta.url))
  return [process.execPath, '--import', 'tsx', path, ...args.map(String)]
}

/** Runs a program of test/socket/scripts in a process of its own until it ends by itself. */
export async function runScript(name: string, ...args: string[]): Promise<ScriptResult> {
  return runWords(scriptWords(name, ...args))
}

/** Runs a program until it ends by itself. `onStart` is told its process id. */
export async function runWords(
  [program = '', ...args]: readonly string[],
  onStart: (pid: number) => void = () => {},
): Promise<ScriptResult> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  onStart(child.pid ?? 0)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await within(once(child, 'close'), `the end of ${args.join(' ')}`, () => stdout + stderr)
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr }
}
