// The echo pair in every mix of our programs and the Python peers.
import { describe, expect, it } from 'vitest'
import { readEchoTranscript } from '../support/echo-transcript.ts'
import { hasPython } from '../support/requirements.ts'
import { pairings, startSide } from './programs.ts'

const copies = 10_000
const string = 'Blocked until you\npress Enter, é 漢'

describe.runIf(hasPython('interop of the echo pair'))('the echo pair', () => {
  it.each(pairings)('server %s, client %s: 10,000 copies come back at Enter', async (...sides) => {
    const [serverSide, clientSide] = sides
    const server = startSide(serverSide, 'echo-server', 0)
    const port = await server.ready()
    const client = startSide(clientSide, 'echo-client', '127.0.0.1', port, string)
    const [greeting] = await server.waitFor('stdout', /^client is at .*\n/)
    expect(client.stdout.length).toBe(0)

    server.write('\n')
    const [served, asked] = await Promise.all([server.finished(), client.finished()])

    expect(served.status).toBe(0)
    expect(asked.status).toBe(0)
    expect(asked.stderr).toBe('')
    expect(served.stdout).toBe(greeting)
    expect(greeting).toMatch(/^client is at \('127\.0\.0\.1', \d+\)\n$/)
    expect(served.stderr).toMatch(/^\w+: listening on port \d+\n$/)

    const whole = Buffer.from(string.repeat(copies))
    const transcript = readEchoTranscript(client.stdout)
    expect(transcript.total).toBe(whole.length)
    expect(transcript.printed.equals(whole.subarray(0, transcript.printed.length))).toBe(true)
  })
})
