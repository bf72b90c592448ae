// The play of echo-server and echo-client: the client blocks, and data comes in chunks.
import { type Act, type Play, PORT } from './play.ts'

/** Its copies are more than one recv of the client takes. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.repeat(4)

const blockingAct: Act = {
  lanes: ['client', 'server'],
  steps: [
    {
      say: 'The server asks the operating system for a free port and listens on it: from now on clients can connect. Its next call, accept, blocks until one does.',
      start: ['server', 'echo-server 0 --host 127.0.0.1'],
      until: { server: 'waits in accept' },
    },
    {
      say: 'A client connects, sends the three bytes abc, and ends its data. At the server, accept returns a socket for this one client, and recv on that socket brings the bytes.',
      start: ['client', `echo-client 127.0.0.1 ${PORT} abc`],
      until: { client: 'waits in recv', server: 'waits in keyboard' },
    },
    {
      say: 'Now nothing happens. The client is blocked in recv, because the server has sent nothing; and the server waits for a key at its own keyboard. A heavy line shows who waits.',
    },
    {
      say: 'We press Enter at the server. It sends 10,000 copies and closes the connection. At the client, recv returns at last.',
      type: ['server', ''],
      until: { server: 'ends', client: 'ends' },
    },
  ],
}

const chunksAct: Act = {
  lanes: ['client', 'server'],
  steps: [
    {
      say: 'Once more, with a longer string. This server does not wait for a key.',
      start: ['server', 'echo-server 0 --host 127.0.0.1 --go-ahead now'],
      until: { server: 'waits in accept' },
    },
    {
      say: 'The client sends 104 letters, and 1,040,000 bytes come back. TCP keeps no borders between sends: each recv brings what has arrived by then, in chunks of rather random size. So the client calls recv in a loop, until it returns 0 bytes: the end of data.',
      start: ['client', `echo-client 127.0.0.1 ${PORT} ${LETTERS}`],
      until: { server: 'ends', client: 'ends' },
    },
  ],
}

export const echoPlay: Play = {
  title: 'echo: one string goes out, ten thousand copies come back',
  acts: [blockingAct, chunksAct],
  closing:
    'Now try it yourself, in two terminals: "npx pynet echo-server 2000 --trace", and "npx pynet echo-client localhost 2000 abc --trace".',
}
