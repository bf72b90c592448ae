// Reads a line that has no end from a server, with a limit, and tells the error and the memory it took.
import { connect } from '../../../src/index.ts'

const socket = await connect({ host: '127.0.0.1', port: Number(process.argv[2]) })
const before = process.memoryUsage().rss
const file = socket.makeFile({ maxLineBytes: 1_000_000 })
const { code, message } = await file.readLine().then(
  () => ({ code: 'none', message: 'a line' }),
  (error: Error & { code: string }) => error,
)
const grownMegabytes = (process.memoryUsage().rss - before) / 1e6
await socket.close()
console.log(JSON.stringify({ code, message, grownMegabytes }))
