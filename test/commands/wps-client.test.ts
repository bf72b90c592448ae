// wps-client as a real process: what it sends, the lines it prints, how it fails.
import { describe, expect, it } from 'vitest'
import { expectFailure } from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasProgram } from '../support/requirements.ts'
import { listenRaw, serveRaw } from '../support/wire.ts'

/** Runs the client beside a server that waits for a request, answers with these bytes, and ends. */
async function runBeside(answer: string | Uint8Array, command = 'w') {
  let request = ''
  const port = await serveRaw(async (client) => {
    await client.waitForBytes(command.length)
    await client.send(answer)
    client.shutdown()
    request = String(await client.untilEnd())
  })
  const client = startPynet('wps-client', '127.0.0.1', port, command)
  return { ...(await client.finished()), bytes: client.stdout, request }
}

describe('the request', () => {
  it('is w or ps and nothing more, and the answer is all that goes to stdout', async () => {
    for (const command of ['w', 'ps']) {
      const { stdout, stderr, status, request } = await runBeside('one\ntwo\n', command)
      expect({ stdout, stderr, status }).toEqual({ stdout: 'one\ntwo\n', stderr: '', status: 0 })
      expect(request).toBe(command)
    }
  })

  it.runIf(hasProgram('ps', 'wps-client with wps-server'))(
    'at our server gets the table of processes, without colours',
    async () => {
      const server = startPynet('wps-server', 0, '--host', '127.0.0.1')
      const env = { FORCE_COLOR: '1' }
      const { stdout } = await runPynet('wps-client', '127.0.0.1', await server.ready(), 'ps', {
        env,
      })
      expect(stdout).toMatch(/^\s*PID\b[^\n]*\n(\s*\d+ [^\n]*\n)+$/)
    },
  )
})

describe('stdout', () => {
  it('has the bytes of the network undecoded, and the last line without a newline', async () => {
    const bytes = Buffer.from('\xff\r\n\0\xe2\x80\xa8\n\xc3\x1b[m', 'latin1')
    const ended = await runBeside(bytes)
    expect(ended.bytes.equals(bytes)).toBe(true)
    expect(ended.status).toBe(0)
  })

  it('has every byte of 5 MB of lines', async () => {
    const lines = Buffer.alloc(5_000_000, 'a line of some length, é\n')
    expect((await runBeside(lines)).bytes.equals(lines)).toBe(true)
  })

  it('is empty where no answer comes, which is an error', async () => {
    const ended = await runBeside('')
    expect(ended.stdout).toBe('')
    expectFailure(ended, /ended the connection too early: no answer came, after 0 bytes\n/)
  })
})

describe('the beginning of a line whose end does not come', () => {
  /** A client that has got a line and a part of the next. */
  async function startWithPart(...options: string[]) {
    const { port, accept } = await listenRaw()
    const words = ['wps-client', '127.0.0.1', port, 'w', ...options].join(' ')
    // Both outputs in one: what came stands before the line that says why it is not more.
    const client = startShell(`exec 2>&1; exec "$PYNET_NODE" "$PYNET_PROGRAM" ${words}`)
    const peer = await accept()
    await peer.waitForBytes(1)
    await peer.send('a line\npart')
    await client.waitForExactly('stdout', 'a line\n')
    return { client, peer }
  }

  it('is shown where the connection is lost', async () => {
    const { client, peer } = await startWithPart()
    peer.reset()
    const { stdout, status } = await client.finished()
    expect(stdout).toMatch(/^a line\npartpynet: lost the connection .*, after 11 bytes\n$/)
    expect(status).toBe(1)
  })

  it('is shown where --idle-timeout ends the wait for the rest', async () => {
    const { client } = await startWithPart('--idle-timeout', '0.2')
    const { stdout, status } = await client.finished()
    expect(stdout).toMatch(/^a line\npartpynet: .* 0\.2 s, after 11 bytes\n$/)
    expect(status).toBe(1)
  })
})
