// The layer in a process of its own: what ends it, what keeps it, and what never reaches it as an event.
import { describe, expect, test } from 'vitest'
import { rawServer, runScript } from '../support/sockets.ts'

describe('a process that uses the layer', () => {
  // Pitfall 18: after everything is closed, nothing keeps the process: no timer, no signal, no socket.
  test('ends by itself when everything is closed', async () => {
    const result = await runScript('use-everything.ts')
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(JSON.parse(result.stdout)).toEqual({
      aborted: ['aborted', 'aborted'],
      lines: ['one\n'],
      echoed: 'one\n',
      closedCalls: ['ERR_SOCKET_CLOSED', 'ERR_SOCKET_CLOSED', 'ERR_SOCKET_CLOSED'],
      open: [],
    })
  })

  // Pitfalls 6 and 18: errors that come while nobody waits are no events of the process.
  test('sees no exception, rejection or warning where connections die unwatched', async () => {
    const result = await runScript('errors-nobody-waits-for.ts')
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(JSON.parse(result.stdout)).toEqual([])
  })

  // Pitfall 18: only close's own 2 s may keep the process.
  test('ends by itself while a peer never answers its close, and the peer has every byte', async () => {
    const server = await rawServer()
    const running = runScript('close-and-leave.ts', String(server.port))
    const raw = await server.accept()
    const collected = raw.collect()
    expect(await running).toEqual({ code: 0, signal: null, stdout: 'closing\n', stderr: '' })
    expect(String(await collected)).toBe('bye')
  })
})
