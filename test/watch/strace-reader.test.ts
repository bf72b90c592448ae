// From strace's lines to the calls of a program: each trap that strace's output has.
import { describe, expect, test } from 'vitest'
import {
  begin,
  brief,
  clientEnd,
  connected,
  listen,
  listenerEnd,
  moment,
  peer,
  read,
  server,
  serverEnd,
  strace,
} from './strace.ts'

const opening = ['socket #1', 'connect #1']
const nameOf = (line: string) => /^\w+/.exec(line)?.[0] ?? ''
const calls = (...lines: string[]) => read(strace(...lines)).brief
/** What follows when the program has connected. */
const callsOf = (...lines: string[]) => calls(connected, ...lines).slice(opening.length)

describe('send and recv', () => {
  const end = `3<${clientEnd}>`

  test.each(
    [
      [`write(${end}, "abc", 3) = 3`, 'send #1 3@0 "abc"'],
      [`sendto(${end}, "abc", 3, 0, NULL, 0) = 3`, 'send #1 3@0 "abc"'],
      [
        `writev(${end}, [{iov_base="ab", iov_len=2}, {iov_base="cde", iov_len=3}], 2) = 5`,
        'send #1 5@0 "abcde"',
      ],
      [
        `sendmsg(${end}, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=1}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 3`,
        'send #1 3@0 "abc"',
      ],
      [`sendfile(${end}, 7, NULL, 1000) = 400`, 'send #1 400@0'],
      [`splice(9, NULL, ${end}, NULL, 5, 0) = 5`, 'send #1 5@0'],
      [`read(${end}, "abc", 10) = 3`, 'recv #1 3@0 "abc"'],
      [`recvfrom(${end}, "abc", 10, 0, NULL, NULL) = 3`, 'recv #1 3@0 "abc"'],
      [
        `readv(${end}, [{iov_base="ab", iov_len=2}, {iov_base="cde", iov_len=100}], 2) = 5`,
        'recv #1 5@0 "abcde"',
      ],
      [
        `recvmsg(${end}, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=9}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 3`,
        'recv #1 3@0 "abc"',
      ],
      [`splice(${end}, NULL, 9, NULL, 5, 0) = 5`, 'recv #1 5@0'],
      [`recvfrom(${end}, "", 10, 0, NULL, NULL) = 0`, 'recv #1 0@0'],
      [`read(${end}, 0x7ffd, 10) = -1 ECONNRESET (Connection reset by peer)`, 'recv #1 ECONNRESET'],
      [`write(${end}, "abc", 3) = -1 EPIPE (Broken pipe)`, 'send #1 EPIPE'],
    ].map(([line = '', expected]) => [nameOf(line), expected, line] as const),
  )('%s: %s', (_, expected, line) => {
    expect(callsOf(`1 ${line}`)).toEqual([expected])
  })

  test('the offsets of each direction follow one another', () => {
    expect(
      callsOf(
        `1 write(${end}, "abc", 3) = 3`,
        `1 read(${end}, "x", 1) = 1`,
        `1 write(${end}, "de", 2) = 2`,
        `1 read(${end}, "yz", 9) = 2`,
      ),
    ).toEqual(['send #1 3@0 "abc"', 'recv #1 1@0 "x"', 'send #1 2@3 "de"', 'recv #1 2@1 "yz"'])
  })

  test('sendmmsg, whose result counts messages, has sent the bytes of those', () => {
    const message = (text: string) =>
      `{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="${text}", iov_len=${text.length}}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=${text.length}}`
    const line = `1 sendmmsg(${end}, [${message('abc')}, ${message('de')}], 2, 0) = 2`
    expect(callsOf(line)).toEqual(['send #1 5@0 "abcde"'])
  })

  test('MSG_PEEK takes nothing from the stream', () => {
    expect(
      callsOf(
        `1 recvfrom(${end}, "abc", 10, MSG_PEEK, NULL, NULL) = 3`,
        `1 recvfrom(${end}, "abc", 10, 0, NULL, NULL) = 3`,
      ),
    ).toEqual(['recv(MSG_PEEK) #1 3 "abc"', 'recv #1 3@0 "abc"'])
  })

  test('a send that took less says of how many', () => {
    expect(callsOf(`1 sendto(${end}, "abcdef"..., 1000000, 0, NULL, 0) = 120000`)).toEqual([
      'send #1 120000@0 of 1000000 "abcdef"',
    ])
  })

  test('what stands behind a piece that is cut short is not the next of the head', () => {
    const first = `{iov_base="${'a'.repeat(8)}"..., iov_len=100}`
    const line = `1 writev(${end}, [${first}, {iov_base="b", iov_len=1}], 2) = 101`
    expect(callsOf(line)).toEqual([`send #1 101@0 "${'a'.repeat(8)}"`])
  })

  test('a read that had room for no byte has not found the end of data', () => {
    expect(callsOf(`1 recvfrom(${end}, "", 0, 0, NULL, NULL) = 0`)).toEqual([])
  })
})

describe('a call that is torn apart', () => {
  const end = `3<${clientEnd}>`

  test('one that another process interrupts in the text is one call', () => {
    expect(
      callsOf(
        '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, exit_signal=0} => {parent_tid=[2]}, 88) = 2',
        `1 recvfrom(${end},  <unfinished ...>`,
        `2 sendto(${end}, "x", 1, 0, NULL, 0) = 1`,
        '1 <... recvfrom resumed>"abc", 10, 0, NULL, NULL) = 3 <0.5>',
      ),
    ).toEqual(['2: send #1 1@0 "x"', 'recv #1 3@0 "abc"'])
  })

  test('an interrupted call that the system takes up again is one call, from its first entry', () => {
    const { records } = read(
      strace(
        connected,
        `1 recvfrom(${end}, 0x7ffd, 10, 0, NULL, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set) <0.000900>`,
        '1 --- SIGWINCH {si_signo=SIGWINCH, si_code=SI_KERNEL} ---',
        `1 recvfrom(${end}, "abc", 10, 0, NULL, NULL) = 3 <0.000500>`,
      ),
    )
    expect(records.slice(2).map(brief)).toEqual(['recv #1 3@0 "abc"'])
    expect(records[2]?.blocked).toBeCloseTo(2.5)
  })

  test('an interrupted call that the program does not take up again has failed', () => {
    expect(
      callsOf(
        `1 recvfrom(${end}, 0x7ffd, 10, 0, NULL, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)`,
        '1 --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---',
        '1 write(2, "too late", 8) = 8',
        `1 close(${end}) = 0`,
      ),
    ).toEqual(['recv #1 EINTR', 'close #1'])
  })

  test('a call that never returns brings nothing', () => {
    expect(callsOf(`1 recvfrom(${end},  <unfinished ...>) = ?`, '1 +++ exited with 0 +++')).toEqual(
      ['close #1'],
    )
  })

  test('lines that nobody knows are skipped', () => {
    const strange = ['nonsense', '1 no time', '', '1 1795655349.1 short(', '9'.repeat(5000)]
    const { brief } = read(`${strace(connected)}${strange.join('\n')}\n`)
    expect(brief).toEqual(opening)
  })
})

describe('a call that waits', () => {
  const half = (text: string) => strace(connected, text).replace(/\n$/, '')

  test('a line that is half there is told after 100 ms, and its return afterwards', () => {
    const { reader, records } = listen()
    reader.push(half(`1 recvfrom(3<${clientEnd}>, `))
    reader.look(moment(60))
    reader.look(moment(110))
    expect(records.slice(2).map(brief)).toEqual(['recv #1 …'])
    reader.push('"\\x61", 10, 0, NULL, NULL) = 1 <0.500000>\n')
    reader.look(moment(600))
    reader.end()
    expect(records.slice(3).map(brief)).toEqual(['recv #1 1@0 "a"'])
    const [waiting, returned] = records.slice(2)
    expect(waiting).toMatchObject({ at: 4, waiting: true })
    expect(returned?.at).toBeCloseTo(504)
    expect((returned?.at ?? 0) - (returned?.blocked ?? 0)).toBeCloseTo(waiting?.at ?? -1)
  })

  test('so is one whose line ends at its entry', () => {
    const { reader, records } = listen()
    reader.push(strace(connected, `1 recvfrom(3<${clientEnd}>,  <unfinished ...>`))
    reader.look(moment(110))
    reader.look(moment(1000))
    expect(records.slice(2).map(brief)).toEqual(['recv #1 …'])
  })

  test('a call that has waited for less is not', () => {
    const { reader, records } = listen()
    reader.push(half(`1 recvfrom(3<${clientEnd}>, `))
    reader.look(moment(40))
    reader.look(moment(90))
    expect(records.slice(2)).toEqual([])
  })

  test.each(
    [
      ['accept4(4<TCP:[0.0.0.0:2000]>, ', 'accept #2 …'],
      [`sendto(3<${clientEnd}>, "abc"..., 1000000, 0, NULL, 0`, 'send #1 … of 1000000'],
      [`poll([{fd=3<${clientEnd}>, events=POLLIN}], 1, -1`, 'select #1 …'],
      [
        `poll([{fd=3<${clientEnd}>, events=POLLIN}, {fd=4<TCP:[0.0.0.0:2000]>, events=POLLIN}], 2, -1`,
        'select …',
      ],
      ['poll([{fd=0, events=POLLIN}], 1, -1', undefined],
      ['read(0, ', undefined],
    ].map(([text = '', expected]) => [nameOf(text), expected, text] as const),
  )('%s: %s', (_, expected, text) => {
    const listening = [
      '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 4<TCP:[101]>',
      `1 listen(4<${listenerEnd}>, 5) = 0`,
    ]
    const { reader, records } = listen()
    reader.push(strace(connected, ...listening, `1 ${text}`).replace(/\n$/, ''))
    reader.look(moment(60))
    reader.look(moment(200))
    expect(records.slice(4).map(brief)).toEqual(expected === undefined ? [] : [expected])
  })

  test('the trace of a killed program ends with what it was blocked in, however short', () => {
    const { brief, reader } = read(
      strace(
        connected,
        `1 recvfrom(3<${clientEnd}>,  <unfinished ...>) = ?`,
        '1 +++ killed by SIGKILL +++',
      ),
    )
    expect(brief.slice(2)).toEqual(['recv #1 …'])
    expect(reader.ending).toMatchObject({ signal: 'SIGKILL', blockedIn: { name: 'recvfrom' } })
  })
})

describe('which socket it is', () => {
  const end = `3<${clientEnd}>`

  test('copies by dup, dup2 and F_DUPFD keep number and offsets, and close with the last', () => {
    expect(
      callsOf(
        `1 dup(${end}) = 4<${clientEnd}>`,
        `1 dup2(${end}, 5) = 5<${clientEnd}>`,
        `1 fcntl(${end}, F_DUPFD, 10) = 10<${clientEnd}>`,
        `1 write(${end}, "a", 1) = 1`,
        `1 write(4<${clientEnd}>, "b", 1) = 1`,
        `1 write(10<${clientEnd}>, "c", 1) = 1`,
        `1 close(${end}) = 0`,
        `1 close(4<${clientEnd}>) = 0`,
        `1 close(5<${clientEnd}>) = 0`,
        '1 write(2, "still open", 10) = 10',
        `1 close(10<${clientEnd}>) = 0`,
      ),
    ).toEqual(['send #1 1@0 "a"', 'send #1 1@1 "b"', 'send #1 1@2 "c"', 'close #1'])
  })

  test('dup2 onto a socket, of whatever file, closes it', () => {
    expect(callsOf('1 dup2(7, 3) = 3')).toEqual(['close #1'])
  })

  test('close_range closes what is in the range, or marks it for execve', () => {
    expect(callsOf('1 close_range(4, 9, 0) = 0', '1 close_range(3, 4294967295, 0) = 0')).toEqual([
      'close #1',
    ])
    const execve = '1 execve("./next", ["./next"], 0x7ffd /* 3 vars */) = 0'
    const marking = '1 close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC) = 0'
    expect(callsOf(marking, `1 write(${end}, "a", 1) = 1`, execve)).toEqual([
      'send #1 1@0 "a"',
      'close #1',
    ])
  })

  test.each([
    [`1 fcntl(${end}, F_SETFD, FD_CLOEXEC) = 0`, ['close #1']],
    [`1 ioctl(${end}, FIOCLEX) = 0`, ['close #1']],
    [`1 fcntl(${end}, F_SETFD, 0) = 0`, []],
  ] as const)('execve after %s: %j', (line, expected) => {
    const execve = '1 execve("./next", ["./next"], 0x7ffd /* 3 vars */) = 0'
    expect(callsOf(line, execve)).toEqual(expected)
  })

  test('a number given again after a close is another socket', () => {
    const other = 'TCP:[127.0.0.1:40001->127.0.0.1:2000]'
    expect(
      callsOf(
        `1 write(${end}, "abc", 3) = 3`,
        `1 close(${end}) = 0`,
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[101]>',
        `1 connect(3<TCP:[101]>, ${server}, 16) = 0`,
        `1 write(3<${other}>, "d", 1) = 1`,
      ),
    ).toEqual(['send #1 3@0 "abc"', 'close #1', 'socket #2', 'connect #2', 'send #2 1@0 "d"'])
  })

  test('a number that another thread gets while the close returns is another socket', () => {
    expect(
      callsOf(
        '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => {parent_tid=[2]}, 88) = 2',
        `1 close(${end} <unfinished ...>`,
        '2 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[101]>',
        '1 <... close resumed>) = 0 <0.1>',
        `2 connect(3<TCP:[101]>, ${server}, 16) = -1 ECONNREFUSED (Connection refused)`,
      ),
    ).toEqual(['close #1', '2: socket #2', '2: connect #2 ECONNREFUSED'])
  })

  test('a socket handed over by SCM_RIGHTS keeps number and offsets, also when the sender closes it first', () => {
    const message = (fd: number) =>
      `{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="f", iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${fd}<${clientEnd}>]}], msg_controllen=24, msg_flags=0}`
    expect(
      callsOf(
        '1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 2',
        `2 close(${end}) = 0`,
        `1 write(${end}, "ab", 2) = 2`,
        `1 sendmsg(8<UNIX-STREAM:[1->2]>, ${message(3)}, 0) = 1`,
        `1 close(${end}) = 0`,
        `2 recvmsg(9<UNIX-STREAM:[2->1]>, ${message(11)}, 0) = 1`,
        `2 write(11<${clientEnd}>, "c", 1) = 1`,
        `2 close(11<${clientEnd}>) = 0`,
      ),
    ).toEqual(['send #1 2@0 "ab"', '2: send #1 1@2 "c"', '2: close #1'])
  })

  test('a socket that was there at the start has a number, too', () => {
    expect(calls(begin, `1 read(0<${serverEnd}>, "abc", 10) = 3`)).toEqual(['recv #1 3@0 "abc"'])
  })

  test('Unix, UDP and other sockets and files are left out', () => {
    expect(
      callsOf(
        '1 socket(AF_UNIX, SOCK_STREAM, 0) = 4<UNIX-STREAM:[7]>',
        '1 write(4<UNIX-STREAM:[7->8]>, "a", 1) = 1',
        '1 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 5<UDP:[9]>',
        `1 sendto(5<UDP:[9]>, "a", 1, 0, ${peer}, 16) = 1`,
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) = 6<socket:[10]>',
        '1 read(0, "typed", 1024) = 5',
        '1 close(4<UNIX-STREAM:[7->8]>) = 0',
      ),
    ).toEqual([])
  })

  test('sockets that are only tried out, as the JVM does, are left out and get no number', () => {
    expect(
      calls(
        begin,
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3<TCP:[100]>',
        '1 setsockopt(3<TCP:[100]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
        '1 close(3<TCP:[100]>) = 0',
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3<TCP:[101]>',
        `1 connect(3<TCP:[101]>, ${server}, 16) = -1 ECONNREFUSED (Connection refused)`,
      ),
    ).toEqual(['socket #1', 'connect #1 ECONNREFUSED'])
  })
})

describe('addresses', () => {
  const addressesOf = (...lines: string[]) =>
    read(strace(begin, ...lines)).records.map(({ call, local, remote }) => {
      const text = (one?: { host: string; port: number }) => one && `${one.host} ${one.port}`
      return [call, text(local), text(remote)]
    })

  test('connect gets its local address from the next line that names the descriptor', () => {
    expect(
      addressesOf(
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>',
        `1 connect(3<TCP:[100]>, ${server}, 16) = 0`,
        `1 write(3<${clientEnd}>, "a", 1) = 1`,
      ).slice(1, 2),
    ).toEqual([['connect', '127.0.0.1 40000', '127.0.0.1 2000']])
  })

  test('without such a line it gets it from the table of TCP sockets, and nothing overtakes it', () => {
    const asked: string[] = []
    const { reader, records } = listen({
      lookUp: (inodes) => {
        asked.push(...inodes)
        return new Map([['100', { local: { host: '127.0.0.1', port: 40_000 } }]])
      },
    })
    const connect = `1 connect(3<TCP:[100]>, ${server}, 16) = 0`
    const other = '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 4<TCP:[101]>'
    const listening = `1 listen(4<${listenerEnd}>, 5) = 0`
    const socket = '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>'
    reader.push(strace(begin, socket, connect, other, listening))
    expect(records.map(brief)).toEqual(['socket #1'])
    reader.look(moment(0))
    reader.look(moment(50))
    expect(records.map(brief)).toEqual(['socket #1', 'connect #1', 'socket #2', 'listen #2'])
    expect(records[1]?.local).toEqual({ host: '127.0.0.1', port: 40_000 })
    expect(asked).toEqual(['100'])
  })

  test('if nobody knows it, the trace goes on', () => {
    const socket = '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>'
    expect(addressesOf(socket, `1 connect(3<TCP:[100]>, ${server}, 16) = 0`)[1]).toEqual([
      'connect',
      '0.0.0.0 0',
      '127.0.0.1 2000',
    ])
  })

  test('a listener that finds nobody has no other end, then and later', () => {
    const listener = '3<TCP:[127.0.0.1:2000]>'
    const found = addressesOf(
      `1 listen(${listener}, 5) = 0`,
      `1 accept4(${listener}, 0x7ffd, [16], SOCK_CLOEXEC) = -1 EAGAIN (Resource temporarily unavailable)`,
      `1 close(${listener}) = 0`,
    )
    expect(found).toEqual(
      ['listen', 'accept', 'close'].map((call) => [call, '127.0.0.1 2000', undefined]),
    )
  })

  test('an accepted socket has those of its line, or of the listener and the peer', () => {
    const listening = [
      '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>',
      '1 listen(3<TCP:[127.0.0.1:2000]>, 5) = 0',
    ]
    const accepted = ['accept', '127.0.0.1 2000', '127.0.0.1 40000']
    const line = `1 accept(3<TCP:[127.0.0.1:2000]>, NULL, NULL) = 4<${serverEnd}>`
    expect(addressesOf(...listening, line)[2]).toEqual(accepted)
    const bare = `1 accept4(3<TCP:[127.0.0.1:2000]>, ${peer}, [16], SOCK_CLOEXEC) = 4<TCP:[101]>`
    expect(addressesOf(...listening, bare)[2]).toEqual(accepted)
  })

  test('IPv6 shows as such, and IPv4 through an IPv6 socket, as in Java, as IPv4', () => {
    const end = 'TCPv6:[[::ffff:127.0.0.1]:2000->[::ffff:127.0.0.1]:40000]'
    const six = 'TCPv6:[[::1]:2000->[fe80::1:2]:40000]'
    const listening = [
      '1 socket(AF_INET6, SOCK_STREAM, IPPROTO_IP) = 3<TCPv6:[100]>',
      '1 bind(3<TCPv6:[100]>, {sa_family=AF_INET6, sin6_port=htons(2000), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::", &sin6_addr), sin6_scope_id=0}, 28) = 0',
      '1 listen(3<TCPv6:[[::]:2000]>, 50) = 0',
    ]
    expect(
      addressesOf(
        ...listening,
        `1 accept(3<TCPv6:[[::]:2000]>, NULL, NULL) = 4<${end}>`,
        `1 accept(3<TCPv6:[[::]:2000]>, NULL, NULL) = 5<${six}>`,
      ).slice(1),
    ).toEqual([
      ['bind', ':: 2000', undefined],
      ['listen', ':: 2000', undefined],
      ['accept', '127.0.0.1 2000', '127.0.0.1 40000'],
      ['accept', '::1 2000', 'fe80::1:2 40000'],
    ])
  })

  test('bind tells the address that is in use', () => {
    expect(
      calls(
        begin,
        '1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>',
        '1 setsockopt(3<TCP:[100]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
        `1 bind(3<TCP:[100]>, ${server}, 16) = -1 EADDRINUSE (Address already in use)`,
      ),
    ).toEqual(['socket #1', 'setsockopt(SO_REUSEADDR, 1) #1', 'bind #1 EADDRINUSE'])
  })
})

describe('a nonblocking connect', () => {
  const starting = `${begin}
    1 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_IP) = 3<TCP:[100]>
    1 connect(3<TCP:[100]>, ${server}, 16) = -1 EINPROGRESS (Operation now in progress)`
  const end = `3<${clientEnd}>`

  test.each(
    [
      [`getsockopt(${end}, SOL_SOCKET, SO_ERROR, [0], [4]) = 0`, 'connect #1'],
      [
        `getsockopt(3<TCP:[100]>, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0`,
        'connect #1 ECONNREFUSED',
      ],
      [`getsockopt(3<TCP:[100]>, SOL_SOCKET, SO_ERROR, [111], [4]) = 0`, 'connect #1 ECONNREFUSED'],
      [`connect(${end}, ${server}, 16) = 0`, 'connect #1'],
      [
        `connect(${end}, ${server}, 16) = -1 EISCONN (Transport endpoint is already connected)`,
        'connect #1',
      ],
      [
        `connect(3<TCP:[100]>, ${server}, 16) = -1 ECONNREFUSED (Connection refused)`,
        'connect #1 ECONNREFUSED',
      ],
      [`getpeername(${end}, ${server}, [16]) = 0`, 'connect #1'],
      ['close(3<TCP:[100]>) = 0', 'connect #1 ERR_ABORTED'],
    ].map(([line = '', expected]) => [nameOf(line), expected, line] as const),
  )('is told when %s shows how it went: %s', (_, expected, line) => {
    const again = `1 connect(3<TCP:[100]>, ${server}, 16) = -1 EALREADY (Operation already in progress)`
    const { records } = read(strace(starting, again, `1 ${line}`))
    expect(records.slice(0, 2).map(brief)).toEqual(['socket #1', expected])
    // From its own entry to the moment when it is known.
    expect(records[1]?.blocked).toBeCloseTo(2.1)
  })

  test('is told before the first bytes, if they are what shows it', () => {
    expect(calls(starting, `1 write(${end}, "abc", 3) = 3`)).toEqual([
      'socket #1',
      'connect #1',
      'send #1 3@0 "abc"',
    ])
  })
})

describe('select, poll and epoll', () => {
  const listening = `${begin}
    1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<TCP:[100]>
    1 listen(3<${listenerEnd}>, 5) = 0
    1 accept(3<${listenerEnd}>, ${peer}, [16]) = 5<${serverEnd}>`
  const waits = (...lines: string[]) => calls(listening, ...lines).slice(3)
  const both = `{fd=3<${listenerEnd}>, events=POLLIN}, {fd=5<${serverEnd}>, events=POLLIN}`

  test.each([
    [`poll([${both}], 2, -1) = 1 ([{fd=5, revents=POLLIN}])`, ['select #2']],
    [
      `poll([${both}], 2, -1) = 2 ([{fd=3, revents=POLLIN}, {fd=5, revents=POLLIN|POLLHUP}])`,
      ['select #1', 'select #2'],
    ],
    [`ppoll([${both}], 2, {tv_sec=0, tv_nsec=1000}, NULL, 8) = 0 (Timeout)`, ['select ×1']],
    [`poll([{fd=0, events=POLLIN}, ${both}], 3, -1) = 1 ([{fd=0, revents=POLLIN}])`, ['select ×1']],
    ['poll([{fd=0, events=POLLIN}], 1, -1) = 1 ([{fd=0, revents=POLLIN}])', []],
    [
      `pselect6(6, [0 3<${listenerEnd}> 5<${serverEnd}>], [5<${serverEnd}>], NULL, NULL, NULL) = 2 (in [0 3], out [5])`,
      ['select #1', 'select #2'],
    ],
    [
      `select(6, [5<${serverEnd}>], NULL, NULL, {tv_sec=1, tv_usec=0}) = 1 (in [5], left {tv_sec=0, tv_usec=999995})`,
      ['select #2'],
    ],
  ] as const)('%s: %j', (line, expected) => {
    expect(waits(`1 ${line}`)).toEqual(expected)
  })

  test('epoll finds the socket by what epoll_ctl said of its data, never by the number in it', () => {
    const data = '{u32=3, u64=140724908873336}'
    expect(
      waits(
        `1 epoll_ctl(7, EPOLL_CTL_ADD, 5<${serverEnd}>, {events=EPOLLIN, data=${data}}) = 0`,
        `1 epoll_wait(7, [{events=EPOLLIN, data=${data}}], 5, 100) = 1`,
        `1 epoll_ctl(7, EPOLL_CTL_MOD, 5<${serverEnd}>, {events=EPOLLIN, data={u32=9, u64=9}}) = 0`,
        '1 epoll_pwait(7, [{events=EPOLLIN, data={u32=9, u64=9}}], 5, 100, NULL, 8) = 1',
        `1 recvfrom(5<${serverEnd}>, "a", 1, 0, NULL, NULL) = 1`,
        `1 epoll_ctl(7, EPOLL_CTL_DEL, 5<${serverEnd}>, 0x7ffd) = 0`,
        '1 epoll_wait(7, [{events=EPOLLIN, data={u32=9, u64=9}}], 5, 100) = 1',
      ),
    ).toEqual(['select #2', 'select #2', 'recv #2 1@0 "a"'])
  })

  test('an epoll instance that watches no TCP socket makes no call of ours', () => {
    expect(
      waits(
        '1 epoll_ctl(7, EPOLL_CTL_ADD, 11, {events=EPOLLIN, data={u32=11, u64=11}}) = 0',
        '1 epoll_wait(7, [{events=EPOLLIN, data={u32=11, u64=11}}], 5, 100) = 1',
      ),
    ).toEqual([])
  })

  test('a poll that a signal interrupts, and that goes on unseen, is over at the next call', () => {
    const interrupted = `1 poll([${both}], 2, 50) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)`
    const next = `1 recvfrom(5<${serverEnd}>, "a", 1, 0, NULL, NULL) = 1`
    expect(waits(interrupted, next)).toEqual(['select ×1', 'recv #2 1@0 "a"'])
  })
})

describe('blocking mode and options', () => {
  const end = `3<${clientEnd}>`

  test.each([
    [[`fcntl(${end}, F_SETFL, O_RDWR|O_NONBLOCK) = 0`], ['setblocking(0) #1']],
    [
      [`ioctl(${end}, FIONBIO, [1]) = 0`, `ioctl(${end}, FIONBIO, [0]) = 0`],
      ['setblocking(0) #1', 'setblocking(1) #1'],
    ],
    [[`ioctl(${end}, FIONBIO, [0]) = 0`, `fcntl(${end}, F_SETFL, O_RDWR) = 0`], []],
    [[`setsockopt(${end}, SOL_TCP, TCP_NODELAY, [1], 4) = 0`], ['setsockopt(TCP_NODELAY, 1) #1']],
    [[`setsockopt(${end}, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0`], []],
    [[`shutdown(${end}, SHUT_WR) = 0`], ['shutdown #1']],
    [[`shutdown(${end}, SHUT_RD) = 0`], ['shutdown(SHUT_RD) #1']],
  ])('%j: %j', (lines, expected) => {
    expect(callsOf(...lines.map((line) => `1 ${line}`))).toEqual(expected)
  })
})

describe('processes and threads', () => {
  const end = `3<${clientEnd}>`
  const forking = '1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 2'

  test('a forked process has copies: the socket closes with the last of them', () => {
    expect(
      callsOf(
        forking,
        `2 write(${end}, "a", 1) = 1`,
        `1 close(${end}) = 0`,
        `2 write(${end}, "b", 1) = 1`,
        `2 close(${end}) = 0`,
      ),
    ).toEqual(['2: send #1 1@0 "a"', '2: send #1 1@1 "b"', '2: close #1'])
  })

  test('a thread shares descriptors: one that it closes is closed', () => {
    expect(
      callsOf(
        '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => {parent_tid=[2]}, 88) = 2',
        `2 close(${end}) = 0`,
      ),
    ).toEqual(['2: close #1'])
  })

  test("a child's lines may come before its fork returns", () => {
    expect(
      callsOf(
        '1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>',
        `2 write(${end}, "a", 1) = 1`,
        `2 close(${end}) = 0`,
        '1 <... clone resumed>, child_tidptr=0x7f22) = 2',
        `1 write(${end}, "b", 1) = 1`,
      ),
    ).toEqual(['2: send #1 1@0 "a"', 'send #1 1@1 "b"'])
  })

  test('a child whose parent never hears of it is shown, too', () => {
    const many = Array.from({ length: 1001 }, () => `2 write(${end}, "a", 1) = 1`)
    const told = callsOf('1 vfork( <unfinished ...>', ...many, `2 write(${end}, "b", 1) = 1`)
    expect(told).toHaveLength(1002)
    expect(told.at(-1)).toBe('2: send #1 1@1001 "b"')
  })

  test('vfork returns when the child has become another program, which has lost what was marked', () => {
    expect(
      callsOf(
        `1 fcntl(${end}, F_SETFD, FD_CLOEXEC) = 0`,
        '1 vfork( <unfinished ...>',
        `2 dup2(${end}, 1) = 1<${clientEnd}>`,
        '2 execve("./next", ["./next"], 0x7ffd /* 3 vars */ <unfinished ...>',
        '1 <... vfork resumed>) = 2 <0.1>',
        '2 <... execve resumed>) = 0 <0.1>',
        `2 write(1<${clientEnd}>, "a", 1) = 1`,
        '2 +++ exited with 0 +++',
        `1 close(${end}) = 0`,
      ),
    ).toEqual(['2: send #1 1@0 "a"', 'close #1'])
  })

  test('execve from a thread ends the others, and goes on under the number of the first', () => {
    const { brief, reader } = read(
      strace(
        connected,
        '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => {parent_tid=[2]}, 88) = 2',
        '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => {parent_tid=[3]}, 88) = 3',
        `2 recvfrom(${end},  <unfinished ...>`,
        '3 execve("./next", ["./next"], 0x7ffd /* 3 vars */ <unfinished ...>',
        '2 <... recvfrom resumed> <unfinished ...>) = ?',
        '2 +++ exited with 0 +++',
        '1 +++ superseded by execve in pid 3 +++',
        '1 <... execve resumed>) = 0 <0.1>',
        `1 write(${end}, "a", 1) = 1`,
        '1 +++ exited with 4 +++',
      ),
    )
    expect(brief.slice(2)).toEqual(['send #1 1@0 "a"', 'close #1'])
    expect(reader.ending).toMatchObject({ code: 4 })
  })

  test('what a process has not closed is closed at its end, unless it was killed', () => {
    expect(callsOf('1 +++ exited with 0 +++')).toEqual(['close #1'])
    expect(callsOf('1 +++ killed by SIGTERM +++')).toEqual([])
  })

  test('the first process is the program, and the time begins with its execve', () => {
    const started: unknown[] = []
    const { reader, records } = listen({ onStarted: (...about) => started.push(about) })
    reader.push(
      strace(connected, forking, '1 +++ exited with 3 +++', '2 +++ killed by SIGKILL +++'),
    )
    reader.end()
    expect(started).toEqual([[1, moment(0)]])
    expect(records[0]?.at).toBeCloseTo(1.1)
    expect(reader.ending).toMatchObject({ code: 3 })
    expect(reader.processes).toEqual([])
  })

  test('the call in which the program died is its own, or one of its threads', () => {
    const dies = (...lines: string[]) => read(strace(connected, ...lines)).reader.ending?.blockedIn
    const end = `3<${clientEnd}>`
    const waits = `2 recvfrom(${end},  <unfinished ...>`
    const killed = ['2 +++ killed by SIGTERM +++', '1 +++ killed by SIGTERM +++']
    expect(dies(forking, waits, ...killed)).toBe(undefined)
    const thread = '1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => {parent_tid=[2]}, 88) = 2'
    expect(dies(thread, waits, ...killed)?.name).toBe('recvfrom')
    expect(dies(thread, waits, '2 +++ exited with 0 +++', '1 +++ exited with 0 +++')).toBe(
      undefined,
    )
  })

  test('a program that the system does not start has a reason', () => {
    const { reader } = read(
      strace(
        '1 execve("./x", ["./x"], 0x7ffd /* 3 vars */) = -1 ENOEXEC (Exec format error)',
        '1 +++ exited with 1 +++',
      ),
    )
    expect(reader.startError).toBe('ENOEXEC')
  })

  test('a stop is told of the program, not of its children', () => {
    const told: string[] = []
    const { reader } = listen({
      onStopped: (signal) => told.push(signal),
      onContinued: () => told.push('continued'),
    })
    reader.push(strace(connected, forking, '2 --- stopped by SIGSTOP ---'))
    expect(told).toEqual([])
    const going = '1 --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=9, si_uid=0} ---'
    reader.push(strace('1 --- stopped by SIGTSTP ---', going))
    expect(told).toEqual(['SIGTSTP', 'continued'])
  })
})
