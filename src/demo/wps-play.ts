// The play of wps-server and wps-client: a request of two bytes, and lines over a byte stream.
import { type Act, CONTROL_C, type Play, PORT } from './play.ts'

const act: Act = {
  lanes: ['client', 'server'],
  steps: [
    {
      say: 'The server listens, here on the loopback interface only, because whoever reaches its port can see the processes of this machine.',
      start: ['server', 'wps-server 0 --host 127.0.0.1'],
      until: { server: 'waits in accept' },
    },
    {
      say: 'A client connects and sends two bytes: ps. The server runs that command and writes its output. TCP carries it as bytes, not as lines; it is the file-like object at the client that finds the lines. When the server closes the connection, the client reads the end of data and is done. The server waits in accept again, for the next client.',
      start: ['client', `wps-client 127.0.0.1 ${PORT} ps`],
      until: { client: 'ends', server: ['returns from close', 'waits in accept'] },
    },
    {
      say: 'This server serves one client after another and never ends by itself. Ctrl-C ends it.',
      type: ['server', CONTROL_C],
      until: { server: 'ends' },
    },
  ],
}

export const wpsPlay: Play = {
  title: 'wps: a request goes out, the lines of a file-like object come back',
  acts: [act],
  closing:
    'Now try it yourself, in two terminals: "npx pynet wps-server 2000 --host 127.0.0.1 --trace", and "npx pynet wps-client localhost 2000 w --trace".',
  hasVaryingBytes: true,
}
