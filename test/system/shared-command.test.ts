// Running a command for clients: every byte of its output, one run for many, and no run for nobody.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TcpSocket } from '../../src/index.ts'
import { SharedCommand } from '../../src/system/shared-command.ts'
import { ourPair, receiveAll } from '../support/sockets.ts'
import { waitUntil } from '../support/waiting.ts'

const options = { timeout: 20_000, omitLastLine: false, signal: new AbortController().signal }
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pynet-command-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A command that is a shell script; gives its path. */
function script(body: string): string {
  const path = join(folder, 'command')
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

/** Asks for the command's output over a new connection, and gives what the client got. */
async function ask(command: SharedCommand): Promise<string> {
  const { client, server } = await ourPair()
  const answered = command.answer(server).finally(() => server.close())
  const output = await receiveAll(client)
  await Promise.all([client.close(), answered])
  return output.toString()
}

describe('an answer', () => {
  // Pitfall 11: `exit` can come before the last output.
  test('has what is written after the command itself has exited', async () => {
    const path = script('(sleep 0.3; echo tail) &\necho head')
    expect(await ask(new SharedCommand(path, options))).toBe('head\ntail\n')
  })

  test('of several megabytes comes whole', async () => {
    const path = script('i=0; while [ $i -lt 300 ]; do printf "%010000d\\n" $i; i=$((i+1)); done')
    const output = await ask(new SharedCommand(path, options))
    expect(output).toHaveLength(300 * 10_001)
    expect(output.endsWith('299\n')).toBe(true)
  })

  test.each([
    ['one\ntwo\nthree\n', 'one\ntwo\n'],
    ['one\ntwo\nthree', 'one\ntwo\n'],
    ['one\n', ''],
    ['', ''],
  ])('of %j without its last line is %j', async (printed, expected) => {
    const path = script(`printf '%b' '${printed.replaceAll('\n', '\\n')}'`)
    const command = new SharedCommand(path, { ...options, omitLastLine: true })
    expect(await ask(command)).toBe(expected)
  })

  test('says so when the command is not there', async () => {
    const path = join(folder, 'missing')
    expect(await ask(new SharedCommand(path, options))).toBe(
      `pynet: ${path}: not found on this server\n`,
    )
  })

  // Node throws this error; others, such as that of a missing command, it emits.
  test('says so when the system refuses to run the command, again and again', async () => {
    const name = 'x'.repeat(5000)
    const command = new SharedCommand(name, options)
    expect(await ask(command)).toBe(`pynet: ${name}: cannot be run now\n`)
    expect(await ask(command)).toBe(`pynet: ${name}: cannot be run now\n`)
  })

  test('says so, behind the output, when the command fails', async () => {
    const path = script('echo some output; exit 3')
    expect(await ask(new SharedCommand(path, options))).toBe(
      `some output\npynet: ${path}: ended with exit code 3\n`,
    )
  })

  test('whose last line has no newline has the reason on a line of its own', async () => {
    const path = script('printf unfinished; exit 3')
    expect(await ask(new SharedCommand(path, options))).toBe(
      `unfinished\npynet: ${path}: ended with exit code 3\n`,
    )
  })

  test('ends at the time limit, also when something else holds the pipe', async () => {
    const path = script('echo first; sleep 30')
    const output = await ask(new SharedCommand(path, { ...options, timeout: 300 }))
    expect(output).toBe(`first\npynet: ${path}: was ended, for it took longer than 0.3 s\n`)
  })
})

test('clients who ask while a command runs share its next run', async () => {
  const log = join(folder, 'runs')
  const path = script(`echo run >> ${log}; sleep 0.2; echo done`)
  const command = new SharedCommand(path, options)
  const first = ask(command)
  await waitUntil(() => existsSync(log), 'the first run')
  const others = Array.from({ length: 10 }, () => ask(command))
  expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set(['done\n']))
  expect(readFileSync(log, 'utf8')).toBe('run\nrun\n')
})

// Pitfall 11: the child of a client that leaves is killed.
test('a command whose only client has left is killed', async () => {
  const log = join(folder, 'pid')
  const path = script(`echo $$ > ${log}.new; mv ${log}.new ${log}; exec sleep 60`)
  const command = new SharedCommand(path, options)
  const { client, server } = await ourPair()
  const answer = command.answer(server).then(
    () => 'answered',
    () => 'given up',
  )
  await waitUntil(() => existsSync(log), 'the command to run')
  const pid = Number(readFileSync(log, 'utf8'))
  await leave(client, server)
  expect(await answer).toBe('given up')
  await waitUntil(() => !isAlive(pid), 'the end of the command')
})

/** Both ends are closed: what the server does when a client is out of time. */
async function leave(client: TcpSocket, server: TcpSocket): Promise<void> {
  await Promise.all([client.close(), server.close()])
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
