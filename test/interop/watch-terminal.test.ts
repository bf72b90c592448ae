// `pynet watch` in a real terminal: keys, jobs and the terminal itself are the program's.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isRunning, stateOf } from '../support/proc.ts'
import type { RunningProcess } from '../support/processes.ts'
import { hasProgram, hasPython, hasTerminal, python } from '../support/requirements.ts'
import { controlC, controlD, openBash, plain, quote } from '../support/terminal.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw } from '../support/wire.ts'
import { canWatch, peer, temporaryFolder } from '../watch/watching.ts'

const controlZ = '\x1a'
const controlBackslash = '\x1c'

const group = 'watch in a terminal'
const canRun =
  canWatch(group) && hasTerminal(group) && hasProgram('bash', group) && hasPython(group)

const watch = (...words: string[]) => `pynet watch --quiet -- ${words.map(quote).join(' ')}`
const server = () => peer('echo_server', 0)

/** A shell with job control, in a terminal of its own. */
function openShell(): RunningProcess & { type(line: string): void } {
  const shell = openBash({ ...plain, TERM: 'dumb' })
  return Object.assign(shell, { type: (line: string) => shell.write(`${line}\n`) })
}

const portOf = async (shell: RunningProcess) =>
  Number((await shell.waitFor('stdout', /listening on port (\d+)/))[1])

describe.runIf(canRun)('in a terminal', () => {
  test('Ctrl-C ends a program that does not handle it', async () => {
    const shell = openShell()
    shell.type(`${watch(...server())}; echo rc=$?`)
    await portOf(shell)
    shell.write(controlC)
    await shell.waitFor('stdout', /rc=130/)
    expect(shell.stdout.toString()).toMatch(/KeyboardInterrupt[\s\S]*was killed by SIGINT/)
  })

  test('Ctrl-C is for a program that handles it, and so is Ctrl-\\', async () => {
    const program =
      'import signal,time\n' +
      'signal.signal(2, lambda *_: print("caught", flush=True))\n' +
      'print("rea" + "dy", flush=True)\n' +
      'while True: time.sleep(9)'
    const shell = openShell()
    shell.type(`P=${quote(program)}`)
    shell.type(`pynet watch -- ${python()[0]} -c "$P"; echo rc=$?`)
    await shell.waitFor('stdout', /ready/)
    shell.write(controlC)
    await shell.waitFor('stdout', /caught/)
    shell.write(controlC)
    await shell.waitFor('stdout', /caught[\s\S]*caught/)
    shell.write(controlBackslash)
    await shell.waitFor('stdout', /rc=131/)
  })

  test('Ctrl-Z stops the job as the shell sees it, fg and bg go on with it', async () => {
    const shell = openShell()
    shell.type(watch(...server()))
    const port = await portOf(shell)
    shell.write(controlZ)
    await shell.waitFor('stdout', /\[1\]\+ +Stopped/)
    shell.type('fg; echo rc=$?')
    const client = await connectRaw(port)
    await client.send('abc')
    await shell.waitFor('stdout', /client is at/)
    shell.write(controlZ)
    // The number of SIGTSTP, as without us.
    await shell.waitFor('stdout', /rc=148/)
    shell.type('bg; while ! jobs -l | grep "tty input"; do sleep 0.1; done; fg; echo rc=$?')
    await shell.waitFor('stdout', /Stopped \(tty input\).*[\s\S]*\npynet watch/)
    shell.type('')
    expect((await client.untilEnd()).length).toBe(30_000)
    client.shutdown()
    await shell.waitFor('stdout', /rc=0/)
  })

  test('a background job that reads the terminal stops, and reads after fg', async () => {
    const shell = openShell()
    shell.type(`${watch('cat')} &`)
    shell.type('while ! jobs | grep -q Stopped; do sleep 0.1; done; fg; echo rc=$?')
    await shell.waitFor('stdout', /Stopped[\s\S]*\npynet watch/)
    shell.type('typed')
    await shell.waitFor('stdout', /typed\r\ntyped\r\n/)
    shell.write(controlD)
    await shell.waitFor('stdout', /rc=0/)
  })

  test('| head ends the program as without us', async () => {
    const shell = openShell()
    shell.type(`${watch('yes')} | head -2; echo rc=\${PIPESTATUS[0]}`)
    await shell.waitFor('stdout', /y\r\ny\r\n[\s\S]*rc=141/)
  })

  test('terminal modes stay as the program left them', async () => {
    const shell = openShell()
    shell.type(`${watch('stty', '-echo')}; stty -a | grep -o -e '.echo '; stty echo`)
    await shell.waitFor('stdout', /\n-echo \r\n/)
  })

  test('when the terminal is closed, an ordinary program ends, and one that ignores it lives on', async () => {
    const file = join(temporaryFolder(), 'pids')
    const program = (ignore: string) =>
      `import signal,os,time;${ignore}` +
      `open(${JSON.stringify(file)},"a").write("%d\\n" % os.getpid());time.sleep(30)`
    const pids = (count: number) =>
      waitUntil(() => {
        const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
        return lines.length > count ? lines.slice(0, count).map(Number) : undefined
      }, `${count} programs run`)
    const shell = openShell()
    shell.type(`${watch(...python('-c', program('')))} &`)
    const [ordinary = 0] = await pids(1)
    shell.type(`${watch(...python('-c', program('signal.signal(1, signal.SIG_IGN);')))}`)
    const [, ignoring = 0] = await pids(2)
    shell.kill('SIGKILL')
    await waitUntil(() => !isRunning(ordinary), 'the ordinary program ended')
    expect(['S', 'R', 't']).toContain(stateOf(ignoring))
    process.kill(ignoring, 'SIGKILL')
    await waitUntil(() => !isRunning(ignoring), 'the other program ended')
  })
})
