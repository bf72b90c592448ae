// The wps pair in every mix of our programs and the Python peers.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { hasProgram, hasPython } from '../support/requirements.ts'
import { pairings, startSide } from './programs.ts'

const group = 'interop of the wps pair'
const isPossible = [hasPython(group), hasProgram('ps', group), hasProgram('w', group)]

function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/)
}

describe.runIf(isPossible.every(Boolean))('the wps pair', () => {
  it.each(pairings)('server %s, client %s: the lines of ps and of w arrive', async (...sides) => {
    const [serverSide, clientSide] = sides
    const server = startSide(serverSide, 'wps-server', 0)
    const port = await server.ready()
    const ask = async (command: string) => {
      const client = startSide(clientSide, 'wps-client', '127.0.0.1', port, command)
      const { stdout, stderr, status } = await client.finished()
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
      return linesOf(stdout)
    }
    const [header = '', ...processes] = await ask('ps')
    expect(header).toMatch(/^\s*PID\b.*\n$/)
    for (const line of processes) expect(line).toMatch(/^\s*\d+ .*\n$/)
    // The peer leaves out the last line, which may be that of ps itself.
    if (serverSide === 'ours') expect(processes.join('')).toMatch(/\bps\n/)

    const expected = linesOf(spawnSync('w', { encoding: 'utf8' }).stdout).length
    const lines = await ask('w')
    expect(lines[0]).toMatch(/load average.*\n$/)
    expect(lines.length).toBe(serverSide === 'ours' ? expected : expected - 1)
    await server.waitFor('stdout', /^(client is at \('127\.0\.0\.1', \d+\)\n){2}$/)
  })
})
