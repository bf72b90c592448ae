// The wps pair in every mix of our programs and the Python peers.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Finished } from '../support/processes.ts'
import { hasProgram, hasPython } from '../support/requirements.ts'
import { pairings, type Side, startSide } from './programs.ts'

const group = 'interop of the wps pair'

const hasPs = hasProgram('ps', group)
const hasW = hasProgram('w', group)

function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/)
}

async function ask(serverSide: Side, clientSide: Side, command: string): Promise<Finished> {
  const server = startSide(serverSide, 'wps-server', 0)
  const port = await server.ready()
  const answer = await startSide(clientSide, 'wps-client', '127.0.0.1', port, command).finished()
  await server.waitFor('stdout', /^client is at \('127\.0\.0\.1', \d+\)\n$/)
  return answer
}

describe.runIf(hasPython(group))('the wps pair', () => {
  for (const [serverSide, clientSide] of pairings) {
    it.runIf(hasPs)(
      `server ${serverSide}, client ${clientSide}: the table of ps arrives`,
      async () => {
        const answer = await ask(serverSide, clientSide, 'ps')
        expect(answer.status).toBe(0)
        expect(answer.stderr).toBe('')
        const [header = '', ...processes] = linesOf(answer.stdout)
        expect(header).toMatch(/^\s*PID\b.*\n$/)
        for (const line of processes) expect(line).toMatch(/^\s*\d+ .*\n$/)
        // The peer leaves out the last line, which may be that of ps itself.
        if (serverSide === 'ours') expect(processes.join('')).toMatch(/\bps\n/)
      },
    )

    it.runIf(hasW)(
      `server ${serverSide}, client ${clientSide}: the lines of w arrive` +
        (serverSide === 'peer' ? ', less the last' : ''),
      async () => {
        const expected = linesOf(spawnSync('w', { encoding: 'utf8' }).stdout)
        const answer = await ask(serverSide, clientSide, 'w')
        expect(answer.status).toBe(0)
        expect(answer.stderr).toBe('')
        const lines = linesOf(answer.stdout)
        expect(lines[0]).toMatch(/load average.*\n$/)
        expect(lines.length).toBe(serverSide === 'ours' ? expected.length : expected.length - 1)
      },
    )
  }
})
