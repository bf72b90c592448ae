// Connects, and stops itself (SIGSTOP) before it can see the answer; the time limit passes meanwhile.
import { connect } from '../../../src/index.ts'

const [, , port, timeoutMs] = process.argv.map(Number)
const connecting = connect({ host: '127.0.0.1', port: port ?? 0, timeoutMs: timeoutMs ?? 0 })
// So far that the operating system has been asked, and not a turn of the event loop.
for (let tick = 0; tick < 20; tick++) await new Promise<void>((done) => process.nextTick(done))
process.kill(process.pid, 'SIGSTOP')
const result = await connecting.then(
  (socket) => socket.close().then(() => 'connected'),
  (error: { code?: string }) => error.code ?? String(error),
)
console.log(result)
