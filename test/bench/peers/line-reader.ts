// Reads lines from a loopback socket in one of several ways, fed by a thread of its own.
//
// usage: line-reader library way bytes average
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
type Way = (port: number) => Promise<Count>

const HOST = '127.0.0.1'
const BLOCK_BYTES = 1_000_000

/** How fast the feeder is: the bytes as they come, not cut at all. */
const UNCUT = 'uncut'

/** The ways that take lines as text from a plain socket of Node; all drop the newline. */
const ways: Record<string, (socket: Socket, count: Count) => Promise<unknown>> = {
  'readline-await': (socket, count) => countEach(readlineOf(socket), count),
  'readline-event': (socket, count) => {
    const lines = readlineOf(socket)
    lines.on('line', (line) => add(line, count))
    return new Promise((resolve) => lines.once('close', resolve))
  },
  'split2-await': (socket, count) => countEach(socket.pipe(split2()), count),
  'split2-event': (socket, count) => {
    const lines = socket.pipe(split2())
    lines.on('data', (line: string) => add(line, count))
    return new Promise((resolve) => lines.once('end', resolve))
  },
  'byline-await': (socket, count) => countEach(bylineOf(socket), count),
  'byline-event': (socket, count) => {
    const lines = bylineOf(socket)
    lines.on('data', (line: string) => add(line, count))
    return new Promise((resolve) => lines.once('end', resolve))
  },
}

function readlineOf(socket: Socket) {
  return createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
}

function bylineOf(socket: Socket) {
  // With an encoding it gives text, without one a Buffer for each line.
  return byline(socket.setEncoding('utf8'), { keepEmptyLines: true })
}

async function countEach(lines: AsyncIterable<unknown>, count: Count): Promise<void> {
  for await (const line of lines) add(line as string, count)
}

function add(line: string, count: Count): void {
  count.lines++
  count.characters += line.length
}

function wayOf(name: string, library: Library): Way {
  const count: Count = { lines: 0, characters: 0 }
  const plain = ways[name]
  return async (port) => {
    if (name === UNCUT) {
      for await (const chunk of connectPlain({ host: HOST, port })) count.characters += chunk.length
      return count
    }
    if (plain !== undefined) {
      await plain(connectPlain({ host: HOST, port }), count)
      // byline takes the nothing behind the last newline for an empty line.
      if (name.startsWith('byline')) count.lines--
      count.characters += count.lines
      return count
    }
    const socket = await library.connect({ host: HOST, port })
    if (name === 'ours-await') {
      for await (const line of socket.makeFile()) add(line, count)
    } else {
      for await (const batch of socket.makeFile().batches())
        for (const line of batch) add(line, count)
    }
    await socket.close()
    return count
  }
}

async function read(): Promise<void> {
  const [libraryPath = '', name = '', bytes, average] = process.argv.slice(2)
  const library: Library = await import(pathToFileURL(libraryPath).href)
  const feed: Feed = { bytes: Number(bytes), average: Number(average) }
  const feeder = new Worker(__filename, { workerData: feed })
  const port = await new Promise<number>((resolve, reject) => {
    feeder.once('message', resolve).once('error', reject)
  })
  const way = wayOf(name, library)
  const start = performance.now()
  const count = await way(port)
  const seconds = (performance.now() - start) / 1000
  process.stdout.write(JSON.stringify({ ...count, seconds }))
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
