// Interactive bash with its line editor, and less: the terminal's modes are left as they are.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunningProcess } from '../support/processes.ts'
import { hasProgram, hasTerminal } from '../support/requirements.ts'
import { controlC, enter, openBash } from '../support/terminal.ts'
import { waitUntil } from '../support/waiting.ts'
import { connectRaw } from '../support/wire.ts'

const group = 'job control'
const isPossible = [hasTerminal(group), hasProgram('bash', group), hasProgram('less', group)]

/** Types a line at the prompt. */
async function type(bash: RunningProcess, line: string): Promise<void> {
  await bash.waitFor('stdout', /prompt> $/)
  bash.write(`${line}${enter}`)
}

/** Types a line that starts a server in the background; resolves with its port. */
async function startJob(bash: RunningProcess, line: string, lastWords = ''): Promise<string> {
  const before = bash.stdout.length
  await type(bash, `${line} &`)
  const isReady = new RegExp(`^[^]{${before}}[^]*: listening on port (\\d+)\r\n[^]*${lastWords}`)
  const [, port = ''] = await bash.waitFor('stdout', isReady)
  // The server has written behind the prompt: here is a new one.
  bash.write(enter)
  return port
}

/** The modes that are lost where a program restores what the line editor or the pager has set. */
async function modesOf(bash: RunningProcess): Promise<string[]> {
  await type(bash, 'stty -a')
  const [, ...modes] = await bash.waitFor('stdout', /isig (-?icanon) iexten (-?echo) /)
  return modes
}

const untouched = ['icanon', 'echo']

describe.runIf(isPossible.every(Boolean))('in an interactive bash', () => {
  it('a server in the background and a client in front leave the modes alone', async () => {
    const bash = openBash()
    const options = '--host 127.0.0.1 --copies 3 --go-ahead now'
    const port = await startJob(bash, `pynet echo-server 0 ${options}`)
    await type(bash, `pynet echo-client 127.0.0.1 ${port} abc`)
    await bash.waitFor('stdout', /abcabcabc\r\nreceived 9 bytes\r\n/)
    expect(await modesOf(bash)).toEqual(untouched)
  })

  it('a program in a session of its own reads this terminal: it is no background job', async () => {
    const bash = openBash()
    const options = '--host 127.0.0.1 --copies 1'
    await type(bash, `setsid -w pynet echo-server 0 ${options}`)
    const [, port] = await bash.waitFor('stdout', /listening on port (\d+)\r\n/)
    const peer = await connectRaw(Number(port))
    await peer.send('abc')
    await bash.waitFor('stdout', /press Enter/)
    bash.write(enter)
    expect(String(await peer.untilEnd())).toBe('abc')
    peer.shutdown()
  })

  it('a str-client in front keeps its echo when a server in the background ends', async () => {
    const bash = openBash()
    // What it prints in the end would come before or behind the prompt.
    const server = 'pynet str-server 0 --host 127.0.0.1 --clients 1 > /dev/null'
    const str = await startJob(bash, server, 'waiting for 1 more client\r\n')
    const options = '--host 127.0.0.1 --copies 1 --go-ahead now'
    const echo = await startJob(bash, `pynet echo-server 0 ${options}`)
    await type(bash, `pynet str-client 127.0.0.1 ${str}`)
    await bash.waitFor('stdout', /enter a letter:$/)
    const peer = await connectRaw(Number(echo))
    peer.shutdown()
    await bash.waitFor('stdout', /client is at/)
    await peer.untilEnd()
    await waitUntil(
      () =>
        connectRaw(Number(echo)).then(
          () => false,
          () => true,
        ),
      'its end',
    )
    bash.write(`q${enter}`)
    // The echo of the terminal, and then the reply.
    await bash.waitFor('stdout', /q\r\nq\r\nenter a letter:$/)
    bash.write(enter)
    expect(await modesOf(bash)).toEqual(untouched)
  })

  it('a ladder in a pager that is left in its middle leaves the modes alone', async () => {
    const bash = openBash()
    const folder = mkdtempSync(join(tmpdir(), 'pynet-pager-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    await type(bash, `cd ${folder}`)
    const options = '--host 127.0.0.1 --copies 1000 --go-ahead now --trace-file server'
    const port = await startJob(bash, `pynet echo-server 0 ${options}`)
    const string = 'x'.repeat(1000)
    const words = `127.0.0.1 ${port} ${string} --recv-size 1000 --trace-file client`
    await type(bash, `pynet echo-client ${words} > out; tail -n 1 out`)
    await bash.waitFor('stdout', /\r\nreceived \d+ bytes\r\n/)
    // Far more than the pipe to the pager holds.
    await type(bash, 'pynet ladder --all client server | less')
    await bash.waitFor('stdout', /\n:[^\n]*$/)
    bash.write('q')
    expect(await modesOf(bash)).toEqual(untouched)
  })

  it('Ctrl-C ends a server with 130, and its final value is on a line of its own', async () => {
    const bash = openBash()
    await type(bash, 'pynet str-server 0 --host 127.0.0.1')
    await bash.waitFor('stdout', /waiting for 2 more clients\r\n/)
    bash.write(controlC)
    await bash.waitFor('stdout', /\^C\r\nthe final value of v is \r\n/)
    await type(bash, 'echo "it was $?"')
    await bash.waitFor('stdout', /it was 130\r\n/)
    expect(await modesOf(bash)).toEqual(untouched)
  })
})
