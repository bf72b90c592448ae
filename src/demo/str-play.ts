// The play of str-server and two str-clients: the tutorial's sample session, letter by letter.
import { call, closeOf, type Play, PORT, SERVER, type Step } from './play.ts'

const FIRST = 'first'
const SECOND = 'second'
const PROMPT = /enter a letter:$/
const REPLY_AND_PROMPT = /\n.*\nenter a letter:$/

export const strPlay: Play = {
  title: 'str: two clients write one string together',
  lanes: [FIRST, SERVER, SECOND],
  showsWouldBlocks: true,
  steps: [
    {
      say: 'The server starts, listens, and waits for two clients; it serves neither before both are there.',
      act: { start: SERVER, command: ['str-server', '0', '--host', '127.0.0.1'] },
      goals: { [SERVER]: { call: call('listen') } },
    },
    {
      say: 'The first client connects, and asks for a letter.',
      act: { start: FIRST, command: ['str-client', '127.0.0.1', PORT] },
      goals: {
        [SERVER]: { call: call('accept') },
        [FIRST]: { call: call('connect'), output: PROMPT },
      },
    },
    {
      say: 'So does the second. Now the server listens no more: it closes the listening socket, and has one socket for each client.',
      act: { start: SECOND, command: ['str-client', '127.0.0.1', PORT] },
      goals: {
        [SERVER]: { call: closeOf('listener') },
        [SECOND]: { call: call('connect'), output: PROMPT },
      },
    },
    letter(
      FIRST,
      'a',
      'The first client types a. The server takes it with a nonblocking recv (tryRecv), appends it to its string v, and sends v back, to this client only.',
    ),
    letter(FIRST, 'b', 'The first client types b, and gets ab.'),
    {
      ...letter(
        FIRST,
        'c',
        'The first client types c. The second has typed nothing yet, and holds nobody up: the server serves whoever is ready.',
      ),
      waits: { [SECOND]: 'keyboard' },
    },
    letter(
      SECOND,
      'u',
      'The second client types u, and its reply begins with abc: v belongs to both.',
    ),
    letter(SECOND, 'u', 'The second client types u again.'),
    letter(SECOND, 'v', 'The second client types v.'),
    letter(SECOND, 'v', 'The second client types v again.'),
    letter(
      FIRST,
      'd',
      'The first client types d, and learns only now what the second one has done.',
    ),
    letter(SECOND, 'w', 'The second client types w.'),
    letter(SECOND, 'w', 'The second client types w again.'),
    letter(FIRST, 'e', 'The first client types e.'),
    {
      say: 'The first client presses Enter alone: it closes, and a tryRecv at the server brings 0 bytes, the end of data. The other client can go on.',
      act: { type: FIRST, keys: '\n' },
      goals: { [SERVER]: { call: closeOf('connection') }, [FIRST]: { ended: true } },
    },
    {
      say: 'The second client does the same. All have left: the server prints what v has become, and ends.',
      act: { type: SECOND, keys: '\n' },
      goals: { [SERVER]: { ended: true }, [SECOND]: { ended: true } },
    },
  ],
  closing:
    'Now with your own hands, in three terminals: "npx pynet str-server 2000 --trace", and twice "npx pynet str-client localhost 2000".',
}

/** A letter typed at a client, which comes back with all others; then the client asks for more. */
function letter(client: string, key: string, say: string): Step {
  return {
    say,
    act: { type: client, keys: `${key}\n` },
    goals: {
      [SERVER]: { call: call('sendAll') },
      [client]: { call: call('recv'), output: REPLY_AND_PROMPT },
    },
  }
}
