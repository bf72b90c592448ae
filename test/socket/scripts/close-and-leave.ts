// Connects to the port of its argument, whose server never closes, and closes without waiting for it.
import { connect } from '../../../src/index.ts'

const socket = await connect({ host: '127.0.0.1', port: Number(process.argv[2]) })
await socket.sendAll('bye')
void socket.close()
console.log('closing')
