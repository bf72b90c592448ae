// Reads lines from a loopback socket in one of several ways, fed by a thread of its own.
//
// usage: line-reader library way bytes average
import { once } from 'node:events'
import { connect as connectPlain, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import byline from 'byline'
import split2 from 'split2'

interface Feed {
  bytes: number
  /** The average length of a line, its newline counted. */
  average: number
}

interface Count {
  lines: number
  characters: number
}

type Library = typeof import('../../../src/index.ts')

const HOST = '127.0.0.1'
const BLOCK_BYTES = 1_000_000

/** A stream of lines as text, and its events: a line, and the end. All drop the newline. */
const peers = {
  readline: {
    open: (socket: Socket) =>
      createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }),
    line: 'line',
    end: 'close',
  },
  split2: { open: (socket: Socket) => socket.pipe(split2()), line: 'data', end: 'end' },
  byline: {
    // With an encoding it gives text, without one a Buffer for each line.
    open: (socket: Socket) => byline(socket.setEncoding('utf8'), { keepEmptyLines: true }),
    line: 'data',
    end: 'end',
  },
}

async function readWithPeer(name: string, port: number, count: Count): Promise<void> {
  const [peer, form] = name.split('-')
  const { open, line, end } = peers[peer as keyof typeof peers]
  const lines: AsyncIterable<unknown> & NodeJS.EventEmitter = open(connectPlain(port, HOST))
  if (form === 'await') {
    for await (const each of lines) add(each as string, count)
  } else {
    lines.on(line, (each: string) => add(each, count))
    await once(lines, end)
  }
  // byline takes the nothing behind the last newline for an empty line.
  if (peer === 'byline') count.lines--
  count.characters += count.lines
}

async function readWithOurs(
  name: string,
  { connect }: Library,
  port: number,
  count: Count,
): Promise<void> {
  const socket = await connect({ host: HOST, port })
  if (name === 'ours-await') {
    for await (const line of socket.makeFile()) add(line, count)
  } else {
    for await (const batch of socket.makeFile().batches()) {
      for (const line of batch) add(line, count)
    }
  }
  await socket.close()
}

function add(line: string, count: Count): void {
  count.lines++
  count.characters += line.length
}

async function read(): Promise<void> {
  const [libraryPath = '', name = '', bytes, average] = process.argv.slice(2)
  const library: Library = await import(pathToFileURL(libraryPath).href)
  const feed: Feed = { bytes: Number(bytes), average: Number(average) }
  const feeder = new Worker(__filename, { workerData: feed })
  const port = await new Promise<number>((resolve, reject) => {
    feeder.once('message', resolve).once('error', reject)
  })
  const before = feeder.performance.eventLoopUtilization()
  const start = performance.now()
  const count: Count = { lines: 0, characters: 0 }
  if (name.startsWith('ours')) await readWithOurs(name, library, port, count)
  else await readWithPeer(name, port, count)
  const seconds = (performance.now() - start) / 1000
  const { utilization } = feeder.performance.eventLoopUtilization(before)
  process.stdout.write(JSON.stringify({ ...count, seconds, feederIdle: 1 - utilization }))
}

/** Lines of ASCII, of any length from 1 to twice the average, the same in each run. */
function blockOf(average: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, 'the quick brown fox jumps over the lazy dog ')
  let random = 1
  for (let end = 0; ; ) {
    random = (random * 48_271) % 2_147_483_647
    end += 1 + (random % (2 * average - 1))
    if (end >= BLOCK_BYTES) break
    block[end - 1] = 0x0a
  }
  block[BLOCK_BYTES - 1] = 0x0a
  return block
}

function feedLines({ bytes, average }: Feed): void {
  const block = blockOf(average)
  const server = createServer((socket) => {
    server.close()
    let left = bytes
    const send = () => {
      let isTaken = true
      while (isTaken && left > 0) {
        const piece = block.subarray(0, left)
        left -= piece.length
        isTaken = socket.write(piece)
      }
      if (left === 0) socket.end()
    }
    socket.on('drain', () => {
      if (left > 0) send()
    })
    send()
  })
  server.listen(0, HOST, () => {
    const address = server.address()
    if (typeof address === 'object') parentPort?.postMessage(address?.port)
  })
}

if (isMainThread) void read()
else feedLines(workerData as Feed)
