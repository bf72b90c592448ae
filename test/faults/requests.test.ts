// Whatever is sent to wps-server, only w and ps are executed: all requests of two bytes, and worse.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { pynetPath, type RunningProcess, start } from '../support/processes.ts'
import { hasProgram } from '../support/requirements.ts'
import { ask } from '../support/wire.ts'

const group = 'what wps-server executes'
const isPossible = [hasProgram('strace', group), hasProgram('w', group), hasProgram('ps', group)]
const refusal = 'pynet: this server runs w and ps, and nothing else\n'
const atATime = 50

const longerRequests = [
  '\0\0',
  'ps\0',
  'ps;id',
  'w|sh',
  'w&id',
  'ps -ef',
  'ps\nid\n',
  'w\n\n',
  'ps\r',
  '$(id)',
  '`id`',
  '../ps',
  '/bin/ps',
  'sh',
  '%s%n%s%n',
  'x'.repeat(64),
  'w'.repeat(64),
  'ps'.repeat(1000),
  `ps;${'a'.repeat(1_000_000)}`,
]

/** Bytes that mean something in a request, or to a shell. */
const telling = Buffer.from('wpslid \n\r\t\0;|&$`>*\xff', 'latin1')

/** All requests of two bytes with PYNET_ALL_REQUESTS=1; otherwise those of two telling ones. */
function twoByteRequests(): Buffer[] {
  const all = Array.from({ length: 65_536 }, (_, value) => Buffer.from([value >> 8, value & 255]))
  if (process.env.PYNET_ALL_REQUESTS === '1') return all
  const chosen = all.filter((request) => request.every((byte) => telling.includes(byte)))
  console.log(`${chosen.length} of 65,536 requests: PYNET_ALL_REQUESTS=1 for all`)
  return chosen
}

/** wps-server under strace, which writes each program that is executed to the file. */
function startTraced(file: string): RunningProcess {
  const trace = ['-f', '--seccomp-bpf', '-qq', '-e', 'trace=execve', '-e', 'signal=none']
  const server = [process.execPath, pynetPath, 'wps-server', '0', '--host', '127.0.0.1']
  return start('strace', [...trace, '-o', file, ...server], { ownGroup: true })
}

/** The arguments of each execve that succeeded, without that of the server itself. */
function readExecuted(trace: string): string[] {
  const executed: string[] = []
  // Where two processes call at once, strace splits a line in two: a call, and its end.
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, pid = '', call = ''] = line.match(/^(\d+) +(.*)$/) ?? []
    if (call.startsWith('execve(')) begun.set(pid, call)
    if (/\) += 0$/.test(call)) executed.push(begun.get(pid) ?? call)
  }
  return executed.slice(1)
}

/** Asks with a segment and a connection each, some at a time; resolves with those answered wrong. */
async function answeredWrong(port: number, requests: readonly Buffer[]): Promise<string[]> {
  const wrong: string[] = []
  let next = 0
  const work = async () => {
    while (next < requests.length) {
      const request = requests[next++] ?? Buffer.alloc(0)
      const answer = await ask(port, request)
      const text = request.toString('latin1')
      const isServed = /^(w|ps)(\r?\n)?$/.test(text)
      if (isServed ? !/^\s*PID\b|load average/.test(answer) : answer !== refusal) wrong.push(text)
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return wrong
}

it.runIf(isPossible.every(Boolean))(
  'under strace, wps-server executes w and ps, and no shell, whatever it is sent',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pynet-requests-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const trace = join(folder, 'trace')
    const server = startTraced(trace)
    const port = await server.ready()
    const requests = [...longerRequests.map((text) => Buffer.from(text)), ...twoByteRequests()]
    expect(await answeredWrong(port, requests)).toEqual([])
    const executed = readExecuted(readFileSync(trace, 'utf8'))
    for (const call of executed) {
      expect(call).toMatch(/^execve\("\/(usr\/)?(local\/)?bin\/(w|ps)", \["(w|ps)"\], /)
    }
    // `ps` and `w\n` are the only two that are served.
    expect(executed.length).toBe(2)
  },
  300_000,
)
