// str-client as a real process: the dialogue letter by letter, its ends, its errors.
import { describe, expect, it } from 'vitest'
import { expectFailure } from '../support/expectations.ts'
import { type RunningProcess, runPynet, startPynet, startShell } from '../support/processes.ts'
import { listenRaw, type RawSocket, serveRaw } from '../support/wire.ts'

const prompt = 'enter a letter:'
const finalLine = (value: string) => `the final value of v is ${value}\n`

async function startServer(clients: number): Promise<{ server: RunningProcess; port: number }> {
  const server = startPynet('str-server', 0, '--host', '127.0.0.1', '--clients', clients)
  return { server, port: await server.ready() }
}

describe('the dialogue', () => {
  it('is a prompt without a newline, a reply as a line, and again, until an empty line', async () => {
    const { server, port } = await startServer(1)
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    await client.waitForExactly('stdout', prompt)
    client.write('a\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    client.write('b\n')
    await client.waitForExactly('stdout', `${prompt}a\n${prompt}ab\n${prompt}`)
    client.write('\n')
    // The pipe to its input is still open: that keeps no program.
    const { stdout, stderr, status } = await client.finished()
    expect(stdout).toBe(`${prompt}a\n${prompt}ab\n${prompt}`)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect((await server.finished()).stdout).toBe(finalLine('ab'))
  })

  it('sends each letter of a line on its own, after the reply to the one before', async () => {
    const arrived: string[] = []
    const port = await serveRaw(({ socket }) => {
      let value = ''
      socket.on('data', (data) => {
        arrived.push(String(data))
        value += String(data)
        socket.write(value)
      })
      socket.on('end', () => socket.end())
    })
    const { stdout } = await runPynet('str-client', '127.0.0.1', port, { input: 'xyz\n\n' })
    expect(arrived).toEqual(['x', 'y', 'z'])
    expect(stdout).toBe(`${prompt}x\nxy\nxyz\n${prompt}`)
  })

  it('takes a reply for whole when it is longer than the last and ends with the letter', async () => {
    const { port, accept } = await listenRaw()
    const client = startPynet('str-client', '127.0.0.1', port, { input: 'b\nb\n\n' })
    const peer = await accept()
    await peer.waitForBytes(1)
    // Other clients' letters came before this one's.
    await peer.send('xy')
    await peer.expectSilence(100)
    await peer.send('b')
    await peer.waitForBytes(2)
    // The reply is xybb: its first piece ends with the letter just sent, but is no longer.
    await peer.send('xyb')
    await client.waitForExactly('stdout', `${prompt}xyb\n${prompt}xyb`)
    await peer.send('b')
    await peer.untilEnd()
    peer.shutdown()
    const { stdout, status } = await client.finished()
    expect({ stdout, status }).toEqual({
      stdout: `${prompt}xyb\n${prompt}xybb\n${prompt}`,
      status: 0,
    })
  })

  it('has replies of more than 1,024 bytes whole, and sends a character byte by byte', async () => {
    const { server, port } = await startServer(1)
    const letters = `é${'abcdefghij'.repeat(120)}`
    const input = `${letters}\n\n`
    const { stdout } = await runPynet('str-client', '127.0.0.1', port, { input })
    const bytes = Buffer.from(letters).toString('latin1')
    const replies = Array.from(bytes, (_, i) => `${bytes.slice(0, i + 1)}\n`)
    expect(stdout).toBe(`${prompt}${replies.join('')}${prompt}`)
    expect((await server.finished()).stdout).toBe(finalLine(bytes))
  })

  it('begins before the server has accepted, and each of two sees the letters of the other', async () => {
    const { port } = await startServer(2)
    const first = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    await first.waitForExactly('stdout', prompt)
    const second = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    first.write('a\n')
    await first.waitForExactly('stdout', `${prompt}a\n${prompt}`)
    second.write('b\n')
    await second.waitForExactly('stdout', `${prompt}ab\n${prompt}`)
    first.write('c\n')
    await first.waitForExactly('stdout', `${prompt}a\n${prompt}abc\n${prompt}`)
  })
})

describe('the end of input', () => {
  it.each([
    ['behind a last line with its newline', 'a\n', 'a'],
    ['behind a last line without one', 'a', 'a'],
    ['at once', '', ''],
  ])('%s leaves like Enter', async (_, input, letters) => {
    const { server, port } = await startServer(1)
    const { stdout, stderr, status } = await runPynet('str-client', '127.0.0.1', port, { input })
    expect(stdout).toBe(letters === '' ? prompt : `${prompt}a\n${prompt}`)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect((await server.finished()).stdout).toBe(finalLine(letters))
  })
})

describe('an end that comes too early', () => {
  /** A client that has got a reply to its first b, and of that to its second only a part. */
  async function startWithPart(...options: string[]) {
    const { port, accept } = await listenRaw()
    const words = ['str-client', '127.0.0.1', port, ...options].join(' ')
    // Both outputs in one: what came stands before the line that says why it is not more.
    const line = `exec 2>&1; exec "$PYNET_NODE" "$PYNET_PROGRAM" ${words}`
    const client = startShell(line, { input: 'b\nb\n' })
    const peer = await accept()
    await peer.waitForBytes(1)
    await peer.send('ab')
    await peer.waitForBytes(2)
    await peer.send('abxyz')
    const printed = `${prompt}ab\n${prompt}abxyz`
    await client.waitForExactly('stdout', printed)
    return { client, peer, printed }
  }

  it.each<[string, (peer: RawSocket) => unknown, string[], RegExp]>([
    [
      'the server ends its data',
      (peer) => peer.shutdown(),
      [],
      /ended the connection too early: in the middle of a reply, after 7 bytes\n$/,
    ],
    [
      'the connection is lost',
      (peer) => peer.reset(),
      [],
      /lost the connection .*, after 7 bytes\n$/,
    ],
    ['--idle-timeout is over', () => {}, ['--idle-timeout', '0.2'], / 0\.2 s, after 7 bytes\n$/],
  ])('%s: an error, behind the part of a reply that came', async (_, end, options, why) => {
    const { client, peer, printed } = await startWithPart(...options)
    await end(peer)
    const { stdout, status } = await client.finished()
    expect(stdout.slice(0, printed.length)).toBe(printed)
    expect(stdout.slice(printed.length)).toMatch(/^pynet: [^\n]*\n$/)
    expect(stdout).toMatch(why)
    expect(status).toBe(1)
  })

  it('at a signal shows the part of a reply that came, and nothing more', async () => {
    const { client, printed } = await startWithPart()
    client.kill('SIGINT')
    const { stdout, status } = await client.finished()
    expect({ stdout, status }).toEqual({ stdout: printed, status: 130 })
  })

  it('of the server before any reply says so, also while the input stays open', async () => {
    const { port, accept } = await listenRaw()
    const client = startPynet('str-client', '127.0.0.1', port, { stdin: 'pipe' })
    const peer = await accept()
    await client.waitForExactly('stdout', prompt)
    peer.shutdown()
    client.write('a\n')
    const result = await client.finished()
    expect(result.stdout).toBe(prompt)
    const why = `:${port} ended the connection too early: no reply came, after 0 bytes\n`
    expectFailure(result, why)
  })
})
