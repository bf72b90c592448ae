// The play of wps-server and wps-client: a request of two bytes, and lines over a byte stream.
import { call, closeOf, type Play, PORT, SERVER } from './play.ts'

const CLIENT = 'client'

export const wpsPlay: Play = {
  title: 'wps: a request, and the lines of a file-like object back',
  lanes: [CLIENT, SERVER],
  needs: 'ps',
  hasVaryingBytes: true,
  steps: [
    {
      say: 'The server starts and listens, here on the loopback interface only, for whoever reaches its port may see the processes of this machine.',
      act: { start: SERVER, command: ['wps-server', '0', '--host', '127.0.0.1'] },
      goals: { [SERVER]: { call: call('listen') } },
    },
    {
      say: 'A client connects and sends two bytes: ps. The server runs that command and sends its output. The server sends big pieces, the client reads lines: TCP knows no lines, it is the file-like object that cuts them out of the stream. When the server closes, the client reads the end of data, and is done.',
      act: { start: CLIENT, command: ['wps-client', '127.0.0.1', PORT, 'ps'] },
      goals: {
        [SERVER]: { call: closeOf('connection'), output: /client is at .*\n/ },
        [CLIENT]: { ended: true },
      },
    },
    {
      say: 'The client has left; the server is blocked in accept again, ready for the next one. It would go on for ever: Ctrl-C ends it.',
      waits: { [SERVER]: 'accept' },
      act: { interrupt: SERVER },
      goals: { [SERVER]: { ended: true } },
    },
  ],
  closing:
    'Now with your own hands, in two terminals: "npx pynet wps-server 2000 --host 127.0.0.1 --trace", and "npx pynet wps-client localhost 2000 w --trace".',
  maskOutput: ([heading = '']) => [heading, 'LINES more lines'],
}
