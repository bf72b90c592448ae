// The play of echo-server and echo-client: one byte stream, and a recv that blocks.
import { call, type Play, PORT, SERVER } from './play.ts'

const CLIENT = 'client'
const SHOWN_LETTERS = 30

export const echoPlay: Play = {
  title: 'echo: one string out, ten thousand copies of it back',
  lanes: [CLIENT, SERVER],
  steps: [
    {
      say: 'The server starts. It asks the operating system for a port and listens there: from now on clients can connect. Its next call, accept, blocks until one does.',
      act: { start: SERVER, command: ['echo-server', '0', '--host', '127.0.0.1'] },
      goals: { [SERVER]: { call: call('listen') } },
    },
    {
      say: 'A client starts, connects to that port, and sends the three bytes abc. At the server accept returns with a socket for this one client, and recv on that socket brings the bytes.',
      act: { start: CLIENT, command: ['echo-client', '127.0.0.1', PORT, 'abc'] },
      goals: {
        [SERVER]: { call: call('recv'), output: /client is at .*\n/ },
        [CLIENT]: { call: call('sendAll') },
      },
    },
    {
      say: 'Now nothing happens, and that is worth a look: the client is blocked in recv, for the server has sent nothing yet; and the server waits for a key at its own keyboard.',
      waits: { [CLIENT]: 'recv', [SERVER]: 'keyboard' },
      goals: {},
    },
    {
      say: 'We press Enter at the server. It sends 10,000 copies in one call and closes. At the client recv returns at last, with as much as has arrived: TCP keeps no borders, so it loops until recv brings 0 bytes, which is the end of data.',
      act: { type: SERVER, keys: '\n' },
      goals: { [SERVER]: { ended: true }, [CLIENT]: { ended: true } },
    },
  ],
  closing:
    'Now with your own hands, in two terminals: "npx pynet echo-server 2000 --trace", and "npx pynet echo-client localhost 2000 abc --trace".',
  maskOutput: (lines) => {
    const counts = lines.map((line) => Number(/^received (\d+) bytes$/.exec(line)?.[1] ?? 0))
    const received = counts.reduce((sum, count) => sum + count, 0)
    const first = lines[0]?.slice(0, SHOWN_LETTERS) ?? ''
    return [`${first}…`, `received ${received} bytes in chunks`]
  },
}
