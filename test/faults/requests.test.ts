// Every request of two bytes, and worse: whatever is sent to wps-server, only w and ps are executed.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ask } from '../support/crowd.ts'
import { pynetPath, type RunningProcess, start } from '../support/processes.ts'
import { hasProgram } from '../support/requirements.ts'

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
  '$(id)',
  '`id`',
  '../ps',
  '/bin/ps',
  'sh',
  '%s%n%s%n',
  'ps\r\n',
  'x'.repeat(64),
  'w'.repeat(64),
  'ps'.repeat(1000),
  `ps;${'a'.repeat(1_000_000)}`,
]

/** Bytes that mean something in a request, or to a shell. */
const telling = Buffer.from('wpsidlWP \n\r\t\0;|&$`<>(){}*?~!#/\\"\'%-.=\xff', 'latin1')

/**
 * All requests of two bytes with PYNET_ALL_REQUESTS=1, as `npm run test:faults` has it. Otherwise
 * those of which each byte is telling, or one of a sixteenth of all bytes.
 */
function twoByteRequests(): Buffer[] {
  const all = Array.from({ length: 65_536 }, (_, value) => Buffer.from([value >> 8, value & 255]))
  if (process.env.PYNET_ALL_REQUESTS === '1') return all
  const isChosen = (byte: number) => telling.includes(byte) || byte % 16 === 0
  const chosen = all.filter(([first = 0, second = 0]) => isChosen(first) && isChosen(second))
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

/** Asks with a segment and a connection each, some at a time; gives the answers in their order. */
async function askAll(port: number, requests: readonly (string | Buffer)[]): Promise<string[]> {
  const answers: string[] = []
  let next = 0
  const work = async () => {
    while (next < requests.length) {
      const index = next++
      answers[index] = await ask(port, requests[index] ?? '')
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return answers
}

/** All that are not to be refused. */
const isServed = (request: string) => /^(w|ps)\n?$/.test(request)

describe.runIf(isPossible.every(Boolean))('under strace, wps-server', () => {
  it('executes w and ps, and no shell, whatever requests of two bytes ask for', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pynet-requests-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const trace = join(directory, 'trace')
    const server = startTraced(trace)
    const port = await server.ready()

    const requests = twoByteRequests()
    const answers = await askAll(port, requests)
    const wrong = requests.filter((request, index) => {
      const answer = answers[index] ?? ''
      return isServed(request.toString('latin1'))
        ? !/^\s*PID\b|load average/.test(answer)
        : answer !== refusal
    })
    expect(wrong.map((request) => request.toString('latin1'))).toEqual([])

    const executed = readExecuted(await readFile(trace, 'utf8'))
    for (const call of executed) {
      expect(call).toMatch(/^execve\("\/(usr\/)?(local\/)?bin\/(w|ps)", \["(w|ps)"\], /)
    }
    // `ps` and `w\n` are the only two that are served.
    expect(executed.length).toBe(2)
  }, 180_000)

  it('executes nothing for longer requests, with a NUL, a newline, a shell’s words in them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pynet-requests-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const trace = join(directory, 'trace')
    const server = startTraced(trace)
    const port = await server.ready()
    expect(await askAll(port, longerRequests)).toEqual(longerRequests.map(() => refusal))
    expect(readExecuted(await readFile(trace, 'utf8'))).toEqual([])
  })
})
