// The command `pynet watch`: what of the program stays its own, what is told of it, and what is refused.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type RunningProcess,
  runPynet,
  start,
  startPynet,
  startShell,
} from '../support/processes.ts'
import { hasFile, hasProgram, hasPython, python } from '../support/requirements.ts'
import { waitUntil } from '../support/waiting.ts'
import { canWatch, peer, startWatched, temporaryFolder } from '../watch/watching.ts'

const isWatchable = canWatch('the command watch')
const hasPeers = isWatchable && hasPython('the command watch')

/** A client and a server in one: three calls that bring bytes, then what `last` says. */
const talking = (last = '') =>
  'import socket,os,sys,time,signal;l=socket.create_server(("127.0.0.1",0));' +
  'c=socket.create_connection(l.getsockname());s,_=l.accept();s.send(b"abc");c.recv(9);' +
  last

describe('usage', () => {
  test('without a command is wrong', async () => {
    const { status, stderr } = await runPynet('watch', '--quiet', '--')
    expect(status).toBe(2)
    expect(stderr).toMatch(/missing required argument 'command'/)
  })

  test('the help has examples', async () => {
    const { status, stdout } = await runPynet('watch', '--help')
    expect(status).toBe(0)
    expect(stdout).toMatch(/pynet watch -- python3 my_server.py 2000/)
  })
})

describe.runIf(isWatchable)('the program', () => {
  test.each([
    ['exit 7', 7, 'pynet: sh failed with exit code 7\n'],
    ['kill -9 $$', 137, 'pynet: sh was killed by SIGKILL\n'],
    ['(sleep 0.2; echo late) & exit 3', 3, 'pynet: sh failed with exit code 3\n'],
  ])('"%s" ends with %i', async (script, status, stderr) => {
    const ended = await runPynet('watch', '--', 'sh', '-c', script)
    expect(ended).toMatchObject({ status, stderr })
    expect(ended.stdout).toBe(script.includes('late') ? 'late\n' : '')
  })

  test('has our input and output to the byte, and its own arguments', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    const { stdout, stderr } = await runPynet('watch', 'cat', '-', { input: bytes })
    expect(Buffer.from(stdout, 'latin1').equals(bytes)).toBe(true)
    expect(stderr).toBe('')
    const words = ['--summary', '-x', '', 'a b', '--', "it's", '--quiet']
    const { stdout: shown } = await runPynet('watch', 'printf', '[%s]', ...words)
    expect(shown).toBe(words.map((word) => `[${word}]`).join(''))
  })

  test('has no descriptor and no variable of ours, and the same signals', async () => {
    const script =
      'ls /proc/$$/fd; grep -E "^Sig(Ign|Blk)" /proc/self/status; env | sort; ulimit -n'
    const bare = await start('sh', ['-c', script]).finished()
    const watched = await runPynet('watch', '--', 'sh', '-c', script)
    expect(watched.stdout).toBe(bare.stdout)
  })

  test('shares its stderr with us, and we leave it as it is', async () => {
    const script =
      'grep flags /proc/self/fdinfo/2 >&2; sleep 0.3; grep flags /proc/self/fdinfo/2 >&2'
    const { stderr } = await runPynet('watch', '--summary', '--', 'sh', '-c', script)
    const flags = [...stderr.matchAll(/flags:\s*(\d+)/g)].map(([, value]) => value)
    expect(flags).toHaveLength(2)
    for (const value of flags) expect(Number.parseInt(value ?? '', 8) & 0o4000).toBe(0)
  })

  test('that is a script without a first line of its own is run by a shell', async () => {
    const script = join(temporaryFolder(), 'script')
    writeFileSync(script, 'echo $1; exit 4\n')
    chmodSync(script, 0o755)
    expect(await runPynet('watch', script, 'word')).toMatchObject({ stdout: 'word\n', status: 4 })
  })

  test.each([
    ['no-such-command', 127, 'no-such-command: command not found'],
    ['/etc/passwd', 126, 'cannot execute /etc/passwd: permission denied'],
  ])('%s ends with %i', async (command, status, message) => {
    const ended = await runPynet('watch', '--', command)
    expect(ended.status).toBe(status)
    expect(ended.stderr.startsWith(`pynet: ${message}`)).toBe(true)
    expect(ended.stderr.match(/\n/g)).toHaveLength(1)
  })

  test('that the system refuses to start ends with 126', async () => {
    const program = join(temporaryFolder(), 'program')
    writeFileSync(program, '#!/no/such/interpreter\n')
    chmodSync(program, 0o755)
    const { status, stderr } = await runPynet('watch', '--', program)
    expect(status).toBe(126)
    expect(stderr).toMatch(/^pynet: cannot execute program: ENOENT$/m)
  })
})

describe.runIf(hasPeers)('what is told', () => {
  test('the calls live on stderr, a summary at the end, and a trace file', async () => {
    const file = join(temporaryFolder(), 'trace.ndjson')
    const options = ['--summary', '--trace-file', file]
    const { stderr } = await runPynet('watch', ...options, '--', ...python('-c', talking()))
    const lines = stderr.split('\n')
    expect(lines.some((line) => /^\[ +[\d.]+ s\] listen .*on 127\.0\.0\.1:\d+$/.test(line))).toBe(
      true,
    )
    expect(lines.some((line) => /\] recv .*3 bytes "abc" from 127/.test(line))).toBe(true)
    expect(stderr).toMatch(/^summary of python3$/m)
    expect(stderr).toMatch(/^ {2}recv +1 × +3 bytes/m)
    const header = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '')
    expect(header).toMatchObject({ version: 2, source: 'watch', program: 'python3' })
  })

  test('--quiet tells nothing while the program runs', async () => {
    const { stderr, status } = await runPynet('watch', '--quiet', '--', ...python('-c', talking()))
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })

  test('a wait is told while it lasts', async () => {
    const server = startPynet('watch', '--', ...peer('echo_server', 0), { ownGroup: true })
    await server.waitFor('stderr', /\] accept … blocked on 127\.0\.0\.1:\d+\n/)
    server.kill('SIGTERM')
    const { status, stderr } = await server.finished()
    expect(status).toBe(143)
    expect(stderr).toMatch(/echo_server\.py was killed by SIGTERM, blocked in accept on 127/)
  })

  test('the trace file of a program that lives is refused before anything starts', async () => {
    const server = startWatched(peer('echo_server', 0))
    await server.ready()
    await waitUntil(() => readFileSync(server.traceFile).length > 0, 'the trace began')
    const { traceFile } = server
    const second = await runPynet('watch', '--trace-file', traceFile, '--', 'echo', 'started')
    expect(second).toMatchObject({ status: 1, stdout: '' })
    expect(second.stderr).toMatch(/echo_server\.py \(process \d+\) is writing it/)
  })

  test.runIf(hasFile('/dev/full', 'a full disk'))(
    'a full disk under the trace, or under stderr, does not disturb the program',
    async () => {
      const program = talking('print("done")')
      const full = ['--quiet', '--trace-file', '/dev/full']
      const traced = await runPynet('watch', ...full, '--', ...python('-c', program))
      expect(traced).toMatchObject({ status: 0, stdout: 'done\n' })
      expect(traced.stderr).toMatch(/^pynet: cannot write the trace \/dev\/full: .*\n$/)
      const env = { PROGRAM: program, PYTHON: python()[0] }
      const script = 'pynet watch --summary -- "$PYTHON" -c "$PROGRAM"'
      for (const end of ['2>/dev/full', '2>&-', '2>&1 >/dev/null | head -c 1 >/dev/null']) {
        const { status, stdout } = await startShell(`${script} ${end}`, { env }).finished()
        expect({ status, stdout }).toEqual({ status: 0, stdout: end.includes('|') ? '' : 'done\n' })
      }
    },
  )

  test('a reader of stderr that does not read holds up the lines, and loses none', async () => {
    const many = 'for i in range(3000):\n  s.send(b"x");c.recv(1)\nprint("done")'
    const env = { PROGRAM: talking('\n') + many, PYTHON: python()[0] }
    const script =
      '{ pynet watch -- "$PYTHON" -c "$PROGRAM" 2>&1 >&3 | { sleep 0.5; grep -v … | grep -c recv; } ; } 3>&1'
    const { stdout } = await startShell(script, { env }).finished()
    expect(stdout.split('\n').sort()).toEqual(['', '3001', 'done'])
  })
})

describe.runIf(hasPeers)('signals', () => {
  const handling =
    'import os,signal,time\n' +
    'for s in ("TERM","HUP","USR1","USR2"):\n' +
    '  signal.signal(getattr(signal,"SIG"+s), lambda n,_: os.write(1, b"%s\\n" % signal.Signals(n).name.encode()))\n' +
    'print("ready", os.getpid(), flush=True)\n' +
    'while True: time.sleep(9)\n'

  test('TERM, HUP, USR1 and USR2 sent to us are passed on to the program', async () => {
    const running = startPynet('watch', '--', ...python('-c', handling), { ownGroup: true })
    const [, pid] = await running.waitFor('stdout', /ready (\d+)/)
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
      running.kill(signal)
      await running.waitFor('stdout', new RegExp(signal))
    }
    process.kill(Number(pid), 'SIGKILL')
    expect((await running.finished()).status).toBe(137)
  })

  test('INT and QUIT are left to the program, to which a terminal sends them, too', async () => {
    const running = startPynet('watch', '--', ...python('-c', handling), { ownGroup: true })
    const [, pid] = await running.waitFor('stdout', /ready (\d+)/)
    running.kill('SIGINT')
    running.kill('SIGQUIT')
    running.kill('SIGUSR1')
    await running.waitFor('stdout', /SIGUSR1/)
    process.kill(Number(pid), 'SIGINT')
    expect((await running.finished()).status).toBe(130)
  })

  test('one that comes before the program has started reaches it', async () => {
    const folder = fakeStrace('echo starting >&2; sleep 0.5; exec "$REAL" "$@"')
    const options = { env: { ...folder, REAL: whichStrace() }, ownGroup: true }
    const running = startPynet('watch', '--', 'sleep', '20', options)
    await running.waitFor('stderr', /starting/)
    running.kill('SIGTERM')
    const { status, stderr } = await running.finished()
    expect(status).toBe(143)
    expect(stderr).toMatch(/sleep was killed by SIGTERM/)
  })

  test('after -9 to us the program goes on, and no word of ours or of strace reaches it', async () => {
    const program = talking(
      'print("ready", os.getpid(), flush=True)\n' +
        'for i in range(60):\n  s.send(b"x");c.recv(1);time.sleep(0.02)\n' +
        'print("done", flush=True)',
    )
    const folder = temporaryFolder()
    const running = startPynet('watch', '--quiet', '--', ...python('-c', program), {
      ownGroup: true,
      env: { TMPDIR: folder },
    })
    await running.waitFor('stdout', /ready/)
    // The folder of the FIFO goes as soon as strace has opened it.
    await waitUntil(() => readdirSync(folder).length === 0, 'nothing is left in the folder')
    running.kill('SIGKILL')
    await running.waitFor('stdout', /done/)
    const { stderr, signal } = await running.finished()
    expect({ stderr, signal }).toEqual({ stderr: '', signal: 'SIGKILL' })
    expect(readdirSync(folder)).toEqual([])
  })

  test.runIf(hasProgram('nohup', 'a program under nohup') && hasProgram('bash', 'nohup'))(
    'under nohup the program ignores HUP, too',
    async () => {
      const script = `nohup "$NODE" bin/pynet.js watch --quiet -- grep SigIgn /proc/self/status`
      const bash = start('bash', ['-c', script], { env: { NODE: process.execPath } })
      const { stdout } = await bash.finished()
      expect(Number.parseInt(stdout.split(/\s+/)[1] ?? '', 16) & 1).toBe(1)
    },
  )
})

describe.runIf(isWatchable)(
  'where programs cannot be watched: one line, and nothing starts',
  () => {
    const refused = async (running: RunningProcess, line: RegExp) => {
      const { status, stdout, stderr } = await running.finished()
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(line)
      expect(stderr.match(/\n/g)).toHaveLength(1)
    }
    const watch = (env: Record<string, string>) =>
      startPynet('watch', '--', '/bin/echo', 'hi', { env })

    test('strace is missing', async () => {
      const line =
        /^pynet: strace is missing: apt install strace, or pynet relay shows the wire instead$/m
      await refused(watch({ PATH: temporaryFolder() }), line)
    })

    test('strace is too old', async () => {
      const old = `echo "strace: unrecognized option '--decode-fds=socket'" >&2; exit 1`
      await refused(watch(fakeStrace(old)), /^pynet: this strace is too old, version 5\.6 will do/)
    })

    test('the system forbids it: the line of strace is quoted', async () => {
      const forbidden =
        'echo "strace: test_ptrace_get_syscall_info: PTRACE_TRACEME: Operation not permitted" >&2; exit 1'
      const line =
        /forbids tracing \(strace: .*PTRACE_TRACEME: Operation not permitted\).*--cap-add=SYS_PTRACE/
      await refused(watch(fakeStrace(forbidden)), line)
    })

    test('another tracer is there first', async () => {
      const pynet = [process.execPath, 'bin/pynet.js', 'watch', '--', '/bin/echo', 'hi']
      const traced = start('strace', ['-f', '-qqq', '-o', '/dev/null', ...pynet])
      await refused(traced, /^pynet: this system forbids tracing \(strace: .*ptrace/i)
    })
  },
)

/** A folder on the PATH with a `strace` that does what the script says. */
function fakeStrace(script: string): Record<string, string> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'strace'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'strace'), 0o755)
  return { PATH: `${folder}:${process.env.PATH}` }
}

function whichStrace(): string {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.map((folder) => join(folder, 'strace')).find(existsSync) ?? 'strace'
}
