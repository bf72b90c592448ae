// The play of str-server and two str-clients: the tutorial's sample session, letter by letter.
import { type Act, type Play, PORT } from './play.ts'

const act: Act = {
  lanes: ['first', 'server', 'second'],
  steps: [
    {
      say: 'The server listens and waits for two clients. It serves neither before both are there.',
      start: ['server', 'str-server 0 --host 127.0.0.1'],
      until: { server: 'waits in accept' },
    },
    {
      say: 'The first client connects, and asks for a letter.',
      start: ['first', `str-client 127.0.0.1 ${PORT}`],
      until: { first: 'waits in keyboard', server: 'waits in accept' },
    },
    {
      say: 'The second client does the same. Now the server closes its listening socket; it has one socket for each client.',
      start: ['second', `str-client 127.0.0.1 ${PORT}`],
      until: { second: 'waits in keyboard', server: 'returns from close' },
    },
    {
      say: 'The first client types a, b and c. The server takes each letter with a nonblocking recv (tryRecv), appends it to its string v, and sends v back to this client only. The second client has typed nothing yet, and holds nobody up: the server serves whoever is ready.',
      type: ['first', 'a', 'b', 'c'],
      until: { first: 'waits in keyboard' },
    },
    {
      say: 'The second client types u, u, v and v. Its first reply begins with abc, because v belongs to both.',
      type: ['second', 'u', 'u', 'v', 'v'],
      until: { second: 'waits in keyboard' },
    },
    {
      say: 'The first client types d. Only now it learns what the second one has done.',
      type: ['first', 'd'],
      until: { first: 'waits in keyboard' },
    },
    {
      say: 'The second client types w twice.',
      type: ['second', 'w', 'w'],
      until: { second: 'waits in keyboard' },
    },
    {
      say: 'The first client types e.',
      type: ['first', 'e'],
      until: { first: 'waits in keyboard' },
    },
    {
      say: 'The first client presses Enter alone and closes its socket. At the server, tryRecv brings 0 bytes: the end of data. The other client can go on.',
      type: ['first', ''],
      until: { first: 'ends', server: 'returns from close' },
    },
    {
      say: 'The second client does the same. Both have left: the server prints the final value of v, and ends.',
      type: ['second', ''],
      until: { second: 'ends', server: 'ends' },
    },
  ],
}

export const strPlay: Play = {
  title: 'str: two clients write one string together',
  acts: [act],
  closing:
    'Now try it yourself, in three terminals: "npx pynet str-server 2000 --trace", and twice "npx pynet str-client localhost 2000".',
}
