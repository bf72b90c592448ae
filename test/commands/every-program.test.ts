// What is true of all six programs: how they end, fail, and show their calls.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Trace } from '../../src/trace/format.ts'
import { parseTrace } from '../../src/trace/parse-trace.ts'
import {
  endingSignals,
  expectFailure,
  expectUsageError,
  withoutStatus,
} from '../support/expectations.ts'
import { type RunningProcess, runPynet, startPynet, startShell } from '../support/processes.ts'
import { hasFile } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw, listenRaw, type RawSocket, unusedPort } from '../support/wire.ts'

/** Starts a program with these words; each test has its own way. */
type Launch = (...words: (string | number)[]) => RunningProcess

interface Meeting {
  program: RunningProcess
  /** The other end, which neither ends its data nor closes unless the test says so. */
  peer: RawSocket
}

interface Program {
  name: string
  /** The words of a command line that is right, with the port in its place. */
  words(port: number): (string | number)[]
  /** Starts it beside a peer. */
  meet(launch: Launch): Promise<Meeting>
  /** Resolves when the program has heard from its peer and waits for more. */
  untilWaiting(meeting: Meeting): Promise<unknown>
  /** What it has printed by then, and prints at a signal. */
  printed(meeting: Meeting): string
  /** Has it print something, and end where it does so by itself. */
  provoke(meeting: Meeting): unknown
}

const local = ['--host', '127.0.0.1']
const prompt = 'enter a letter:'
const greeting = ({ peer }: Meeting) => `client is at ('127.0.0.1', ${peer.localPort})\n`

function server(name: string, ...options: string[]) {
  const words = (port: number) => [name, port, ...local, ...options]
  return {
    name,
    words,
    async meet(launch: Launch) {
      const program = launch(...words(0))
      return { program, peer: await connectRaw(await program.ready()) }
    },
  }
}

function client(name: string, ...more: string[]) {
  const words = (port: number) => [name, '127.0.0.1', port, ...more]
  return {
    name,
    words,
    async meet(launch: Launch) {
      const { port, accept } = await listenRaw()
      const program = launch(...words(port))
      return { program, peer: await accept() }
    },
  }
}

const untilGreeted = (meeting: Meeting) =>
  meeting.program.waitForExactly('stdout', greeting(meeting))

const programs: Program[] = [
  {
    ...server('echo-server', '--go-ahead', 'now', '--copies', '2'),
    untilWaiting: untilGreeted,
    printed: greeting,
    provoke: async ({ peer }) => {
      await peer.send('abc')
      peer.shutdown()
    },
  },
  {
    ...client('echo-client', 'abc'),
    untilWaiting: ({ peer }) => peer.waitForBytes(3),
    printed: () => '',
    provoke: ({ peer }) => peer.send('abc'),
  },
  {
    ...server('wps-server'),
    untilWaiting: untilGreeted,
    printed: greeting,
    provoke: () => {},
  },
  {
    ...client('wps-client', 'w'),
    untilWaiting: ({ peer }) => peer.waitForBytes(1),
    printed: () => '',
    provoke: ({ peer }) => peer.send('one\n'),
  },
  {
    ...server('str-server', '--clients', '1'),
    async untilWaiting({ peer }) {
      await peer.send('a')
      await peer.waitForBytes(1)
    },
    printed: () => 'the final value of v is a\n',
    provoke: ({ peer }) => peer.shutdown(),
  },
  {
    ...client('str-client'),
    async untilWaiting({ program, peer }) {
      program.write('a\n')
      await peer.waitForBytes(1)
    },
    printed: () => prompt,
    provoke: () => {},
  },
]

const withKeyboard: Launch = (...words) => startPynet(...words, { stdin: 'pipe' })

/** Starts the program in a line of sh, in the place of PYNET. */
function inShell(line: string): Launch {
  return (...words) => {
    const pynet = `pynet ${words.map((word) => `'${word}'`).join(' ')}`
    return startShell(line.replace('PYNET', pynet), { stdin: 'pipe' })
  }
}

/** The peer ends its data behind the program's, as a close in good order expects. */
function leavesWithItsPeer({ peer }: Meeting): void {
  peer.socket.once('end', () => peer.shutdown())
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-every-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe.each(programs)('$name', (entry) => {
  const { name, words } = entry
  const isServer = name.endsWith('server')

  it('ends with 2 where a port is no plain decimal number, and names it', async () => {
    const wrong = words(0).map((word) => (word === 0 ? '0x50' : word))
    expectUsageError(await runPynet(...wrong), /^pynet: '0x50' is invalid for argument 'port'\. /)
  })

  it('ends with 1 where the port is of no use, and says what to do', async () => {
    if (isServer) {
      const { port } = await listenRaw()
      const taken = new RegExp(
        `127\\.0\\.0\\.1:${port}: .* \\(another program listens there; port 0 `,
      )
      expectFailure(await runPynet(...words(port)), taken)
    } else {
      const port = await unusedPort()
      const result = await runPynet(...words(port))
      expectFailure(result, `127.0.0.1:${port}: connection refused (is a server running there?)`)
      expect(result.stdout).toBe('')
    }
  })

  it('ends by a signal, sent once or twice, while it waits for its peer', async () => {
    const once = endingSignals.map(([signal, code]) => ({ signal, code, times: 1 }))
    await Promise.all(
      [...once, { signal: 'SIGINT', code: 130, times: 2 } as const].map(async (sent) => {
        const { signal, code, times } = sent
        const verbose = isServer ? ['--verbose'] : []
        const meeting = await entry.meet((...words) => withKeyboard(...words, ...verbose))
        await entry.untilWaiting(meeting)
        const begin = performance.now()
        for (let count = 0; count < times; count++) meeting.program.kill(signal)
        const { status, stdout, stderr } = await meeting.program.finished()
        // The peer keeps its side open: a close in good order would wait for it for two seconds.
        expect(performance.now() - begin).toBeLessThan(1900)
        expect(withoutStatus(stderr)).toBe('')
        expect({ stdout, status }).toEqual({ stdout: entry.printed(meeting), status: code })
      }),
    )
  })

  it('ends by a signal before it has a peer', async () => {
    const program = isServer
      ? startPynet(...words(0))
      : startPynet(...words(await unusedPort()), '--retry', 60, '--trace')
    await program.waitFor('stderr', isServer ? /listening/ : /connect … blocked/)
    program.kill('SIGTERM')
    const { stdout, status } = await program.finished()
    expect(status).toBe(143)
    expect(stdout).toBe(name === 'str-server' ? 'the final value of v is \n' : '')
  })

  it('ends quietly when nobody reads its stdout any more', async () => {
    const meeting = await entry.meet(inShell('{ PYNET; echo "status $?" >&2; } | true'))
    await entry.provoke(meeting)
    leavesWithItsPeer(meeting)
    expect(withoutStatus((await meeting.program.finished()).stderr)).toMatch(/^status (0|141)\n$/)
  })

  it.runIf(hasFile('/dev/full', `${name} with a full disk`))(
    'ends with 1 when the disk under its stdout is full, and says so',
    async () => {
      const meeting = await entry.meet(inShell('PYNET > /dev/full'))
      await entry.provoke(meeting)
      leavesWithItsPeer(meeting)
      expectFailure(await meeting.program.finished(), /cannot write to standard output: .*no space/)
    },
  )
})

describe('a pair whose stdin and stderr are closed', () => {
  it.each([
    ['echo', ['--go-ahead', 'enter', '--copies', 2], ['abc'], 'abcabc\nreceived 6 bytes\n\n'],
    ['wps', ['--omit-last-line'], ['w'], / load average: /],
    ['str', ['--clients', 1], [], prompt],
  ])('%s does its work, and its trace says where', async (pair, ofServer, ofClient, printed) => {
    const folder = temporaryFolder()
    const launch = inShell('PYNET <&- 2>&-')
    const file = join(folder, 'server')
    const serving = launch(`${pair}-server`, 0, ...local, ...ofServer, '--trace-file', file)
    const port = await waitUntil(() => portIn(file), 'the port in the trace')
    const { stdout, status } = await launch(
      `${pair}-client`,
      '127.0.0.1',
      port,
      ...ofClient,
    ).finished()
    expect(status).toBe(0)
    expect(stdout).toMatch(printed)
    if (pair !== 'wps') expect((await serving.finished()).status).toBe(0)
  })

  function portIn(path: string): number | undefined {
    try {
      return traceIn(path).calls.find(({ call }) => call === 'listen')?.local?.port
    } catch {
      return undefined // not written yet
    }
  }
})

describe('--trace, --trace-file and --summary of both ends', () => {
  it.each([
    ['echo', ['--go-ahead', 'now', '--copies', 1], ['abc'], ''],
    ['wps', [], ['w'], ''],
    ['str', ['--clients', 1], [], 'a\n\n'],
  ])('of %s show the calls, and leave nothing else behind', async (pair, more, words, input) => {
    const folder = temporaryFolder()
    const env = { TMPDIR: folder }
    const options = (file: string) =>
      ['--trace', '--summary', '--trace-file', join(folder, file)] as const
    const serving = startPynet(`${pair}-server`, 0, ...local, ...more, ...options('server'), {
      env,
    })
    const port = await serving.ready()
    const asking = startPynet(`${pair}-client`, '127.0.0.1', port, ...words, ...options('client'), {
      env,
      input,
    })
    expect((await asking.finished()).status).toBe(0)
    if (pair === 'wps') {
      await serving.waitFor('stderr', /\] close [^\n]* with /)
      serving.kill('SIGTERM')
    }
    expect((await serving.finished()).status).toBe(pair === 'wps' ? 143 : 0)
    for (const [side, { stderr, pid }] of Object.entries({ server: serving, client: asking })) {
      const { header, calls } = traceIn(join(folder, side))
      expect(header).toMatchObject({ version: 2, source: 'pynet', program: `${pair}-${side}`, pid })
      const names = calls.map(({ call }) => call)
      expect(names[0]).toBe(side === 'server' ? 'listen' : 'connect')
      for (const name of ['sendAll', 'close']) expect(names).toContain(name)
      for (const name of names) expect(stderr.toString()).toContain(`] ${name} `)
      expect(stderr.toString()).toContain(`\nsummary of ${pair}-${side}\n`)
    }
    // No cache, least of all where others may write.
    expect(readdirSync(folder).sort()).toEqual(['client', 'server'])
  })
})

function traceIn(path: string): Trace {
  return parseTrace(readFileSync(path, 'utf8'), path)
}
