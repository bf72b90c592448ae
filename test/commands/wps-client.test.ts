// wps-client as a real process: what it sends, the lines it prints, how it fails.
import { describe, expect, it } from 'vitest'
import {
  endingSignals,
  expectBadPortsRefused,
  expectFailure,
  expectFullDisk,
  expectRefused,
  expectUsageError,
} from '../support/expectations.ts'
import { runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile, hasProgram } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { type RawSocket, serveRaw } from '../support/wire.ts'

/** A server that waits for a whole request and then gives these bytes. */
function serveLines(bytes: string | Uint8Array, request = 'w'): Promise<number> {
  return serveRaw(async (client) => {
    await client.waitForBytes(request.length)
    await client.send(bytes)
    client.shutdown()
  })
}

describe('stdout', () => {
  it.each(['w', 'ps'])('is what the server sent for %s, and nothing else', async (command) => {
    const port = await serveLines('one\ntwo\nthree\n', command)
    const result = await runPynet('wps-client', '127.0.0.1', port, command)
    expect(result.stdout).toBe('one\ntwo\nthree\n')
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })

  it('has the last line without a newline as it came', async () => {
    const result = await runPynet('wps-client', '127.0.0.1', await serveLines('one\ntwo'), 'w')
    expect(result.stdout).toBe('one\ntwo')
    expect(result.status).toBe(0)
  })

  it('has the bytes of the network undecoded', async () => {
    const bytes = Buffer.from([
      0xff, 0x0d, 0x0a, 0x00, 0xe2, 0x80, 0xa8, 0x0a, 0xc3, 0x1b, 0x5b, 0x6d,
    ])
    const { stdout } = await runPynet('wps-client', '127.0.0.1', await serveLines(bytes), 'w')
    expect(Buffer.from(stdout, 'latin1').equals(bytes)).toBe(true)
  })

  it('has every byte of twenty megabytes of lines', async () => {
    const lines = Buffer.alloc(20_000_000, 'a line of some length, é\n')
    const client = startPynet('wps-client', '127.0.0.1', await serveLines(lines), 'w')
    await client.finished()
    expect(client.stdout.equals(lines)).toBe(true)
  })

  it('is empty when the server ends without an answer, which is an error', async () => {
    const result = await runPynet('wps-client', '127.0.0.1', await serveLines(''), 'w')
    expect(result.stdout).toBe('')
    expectFailure(result, /without an answer, after 0 bytes/)
  })
})

describe('the beginning of a line whose end does not come', () => {
  /** A server that sends a line and a part of the next, and then does something else. */
  function servePart(thenDo: (client: RawSocket) => void | Promise<void>): Promise<number> {
    return serveRaw(async (client) => {
      await client.waitForBytes(1)
      await client.send('a line\npart')
      await thenDo(client)
    })
  }

  it.each(endingSignals)('is shown after %s, with exit code %i', async (signal, code) => {
    const port = await servePart(() => {})
    const client = startPynet('wps-client', '127.0.0.1', port, 'w')
    await client.waitForExactly('stdout', 'a line\n')
    client.kill(signal)
    const ended = await client.finished()
    expect(ended.stdout).toBe('a line\npart')
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(code)
  })

  it('is shown when the connection is lost, before the line that says so', async () => {
    const port = await servePart(async (client) => {
      await client.expectSilence(200)
      client.reset()
    })
    const result = await startShell(`pynet wps-client 127.0.0.1 ${port} w 2>&1`).finished()
    expect(result.stdout).toMatch(/^a line\npartpynet: lost the connection .*, after 11 bytes\n$/)
    expect(result.status).toBe(1)
  })

  it('is shown when --idle-timeout ends the wait for the rest', async () => {
    const port = await servePart(() => {})
    const options = ['--idle-timeout', '0.3']
    const result = await runPynet('wps-client', '127.0.0.1', port, 'w', ...options)
    expect(result.stdout).toBe('a line\npart')
    expectFailure(result, /has sent nothing for 0\.3 s, after 11 bytes\n/)
  })
})

describe('the request', () => {
  it.each(['w', 'ps'])('on the wire is %s and nothing more', async (command) => {
    let received = ''
    const port = await serveRaw(async (client) => {
      client.socket.on('data', (data) => {
        received += data.toString()
      })
      await client.waitForBytes(command.length)
      client.shutdown()
      await client.untilEnd()
    })
    await runPynet('wps-client', '127.0.0.1', port, command)
    expect(received).toBe(command)
  })

  it.each(['ls', 'W', 'ps -ef', '', ' w', 'w\n'])('%j is wrong usage', async (command) => {
    expectUsageError(await runPynet('wps-client', '127.0.0.1', 1, command), /\bw\b.*\bps\b/)
  })

  it.runIf(hasProgram('ps', 'wps-client with wps-server'))(
    'with our server gets the table of processes, in colour nowhere',
    async () => {
      const server = startPynet('wps-server', 0, '--host', '127.0.0.1')
      const env = { FORCE_COLOR: '1' }
      const result = await runPynet('wps-client', '127.0.0.1', await server.ready(), 'ps', { env })
      expect(result.stdout).toMatch(/^\s*PID\b[^\n]*\n(\s*\d+ [^\n]*\n)+$/)
    },
  )
})

describe('connecting', () => {
  it('to a port where nobody listens is one line that names host and port', async () => {
    await expectRefused((port) => ['wps-client', '127.0.0.1', String(port), 'w'])
  })

  it('with --retry gives up when its seconds are over', async () => {
    const begin = performance.now()
    await expectRefused((port) => ['wps-client', '127.0.0.1', String(port), 'w', '--retry', '0.3'])
    expect(performance.now() - begin).toBeGreaterThan(290)
  })

  it('that is cut in the middle of the answer is an error', async () => {
    const port = await serveRaw(async (client) => {
      await client.waitForBytes(1)
      await client.send('one\ntw')
      client.reset()
    })
    const result = await runPynet('wps-client', '127.0.0.1', port, 'w')
    expect(result.stdout).toMatch(/^one\n(tw)?$/)
    expectFailure(result, String(port))
  })
})

describe('wrong usage', () => {
  it('is a port that is no plain decimal number up to 65535', async () => {
    await expectBadPortsRefused('wps-client', '127.0.0.1', 'PORT', 'w')
  })

  it('is an argument left out, one too many, or an unknown option', async () => {
    expectUsageError(await runPynet('wps-client'), /host/)
    expectUsageError(await runPynet('wps-client', '127.0.0.1'), /port/)
    expectUsageError(await runPynet('wps-client', '127.0.0.1', 1), /command|w\|ps|\bps\b/)
    expectUsageError(await runPynet('wps-client', '127.0.0.1', 1, 'w', 'more'), /more|argument/)
    expectUsageError(await runPynet('wps-client', '127.0.0.1', 1, 'w', '--omit-last-line'), /omit/)
  })
})

describe('ends', () => {
  it.each(endingSignals)(
    'at %s while it waits for lines, with exit code %i',
    async (signal, code) => {
      let asked = false
      const port = await serveRaw(async (client) => {
        await client.waitForBytes(1)
        asked = true
      })
      const client = startPynet('wps-client', '127.0.0.1', port, 'w')
      await waitUntil(() => asked, 'the request to arrive')
      client.kill(signal)
      expect((await client.finished()).status).toBe(code)
    },
  )

  it('quietly when nobody reads its stdout any more', async () => {
    const port = await serveLines(Buffer.alloc(5_000_000, 'a line\n'))
    const script = `{ pynet wps-client 127.0.0.1 ${port} w; echo $? >&2; } | head -n 1`
    const result = await startShell(script).finished()
    expect(result.stdout).toBe('a line\n')
    expect(result.stderr).toMatch(/^(0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', 'wps-client with a full disk'))(
    'with an error when the disk under its stdout is full',
    async () => {
      const port = await serveLines('one\n')
      await expectFullDisk(`pynet wps-client 127.0.0.1 ${port} w > /dev/full`)
    },
  )
})
