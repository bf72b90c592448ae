// str-server when v has grown to --max-bytes: who sends more leaves, and nothing is lost.
import { expect, it } from 'vitest'
import { withoutStatus } from '../support/expectations.ts'
import { startPynet } from '../support/processes.ts'
import { connectRaw } from '../support/wire.ts'

it.each(['select', 'nonblocking'])(
  'v of 1,000 bytes takes no more, and the others stay until they send one too many (--poll %s)',
  async (poll) => {
    const options = ['--clients', 'any', '--max-bytes', '1000', '--poll', poll]
    const server = startPynet('str-server', 0, '--host', '127.0.0.1', ...options)
    const port = await server.ready()
    const other = await connectRaw(port)
    await other.send('o')
    await other.waitForBytes(1)
    const silent = await connectRaw(port)

    const sender = await connectRaw(port)
    await sender.send('s'.repeat(1500))
    const replies = await sender.untilEnd()
    // Of 2 bytes, of 3, and so on to the last of 1,000.
    expect(replies.length).toBe((1000 * 1001) / 2 - 1)
    const value = `o${'s'.repeat(999)}`
    expect(replies.toString('latin1', replies.length - 1000)).toBe(value)
    sender.shutdown()

    await other.expectSilence(100)
    expect(other.socket.readableEnded).toBe(false)
    await other.send('o')
    expect((await other.untilEnd()).toString()).toBe('o')
    other.shutdown()
    expect(silent.socket.readableEnded).toBe(false)
    silent.shutdown()

    const ended = await server.finished()
    expect(ended.stdout).toBe(`the final value of v is ${value}\n`)
    expect(withoutStatus(ended.stderr)).toBe(
      'pynet: v has 1000 bytes (--max-bytes): who sends more is dropped\n',
    )
    expect(ended.status).toBe(0)
  },
)
