// Running a command for clients: its whole output, one run for many, and how it may go wrong.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commandRunner, sharedRun } from '../../src/wps/command-runner.ts'
import { stateOf } from '../support/proc.ts'
import { waitUntil } from '../support/waiting.ts'

const options = {
  timeoutMs: 20_000,
  omitLastLine: false,
  signal: new AbortController().signal,
}
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pynet-command-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Makes a command of a shell script; returns its path. */
function script(body: string): string {
  const path = join(folder, 'command')
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

async function outputOf(command: string, more: Partial<typeof options> = {}): Promise<string> {
  return (await commandRunner(command, { ...options, ...more })()).join('')
}

describe('the output', () => {
  // Pitfall 11: `exit` can come before the last output.
  test('has what is written after the command itself has exited', async () => {
    expect(await outputOf(script('(sleep 0.2; echo tail) &\necho head'))).toBe('head\ntail\n')
  })

  test('of several megabytes comes whole, a Buffer a line', async () => {
    const path = script('i=0; while [ $i -lt 300 ]; do printf "%010000d\\n" $i; i=$((i+1)); done')
    const lines = await commandRunner(path, options)()
    expect(lines).toHaveLength(300)
    for (const [index, line] of lines.entries()) {
      expect(line).toHaveLength(10_001)
      expect(line.toString('latin1', 9990)).toBe(`${String(index).padStart(10, '0')}\n`)
    }
  })

  test('loses its last line with omitLastLine, but not the line that says what went wrong', async () => {
    const path = script('echo one; echo two; exit 3')
    const lines = await outputOf(path, { omitLastLine: true })
    expect(lines).toBe(`one\npynet: ${path}: ended with exit code 3\n`)
  })

  test('is stdout alone; nothing of our environment, our folder or our input is there', async () => {
    const path = script('echo on stderr >&2; pwd; env | cut -d= -f1 | sort; cat')
    expect(await outputOf(path)).toBe('/\nLANG\nPATH\nPWD\n')
  })

  test.each([
    ['echo output; exit 3', 'output\n', 'ended with exit code 3'],
    ['printf "no newline"; exit 3', 'no newline\n', 'ended with exit code 3'],
    ['exit 3', '', 'ended with exit code 3'],
    ['echo output; kill -KILL $$', 'output\n', 'ended with SIGKILL'],
  ])('of %j is followed by a line that says how it ended', async (body, output, end) => {
    const path = script(body)
    expect(await outputOf(path)).toBe(`${output}pynet: ${path}: ${end}\n`)
  })

  test('of a command that is not there, or that the system refuses to run, is that line', async () => {
    const missing = join(folder, 'missing')
    expect(await outputOf(missing)).toBe(`pynet: ${missing}: not found on this server\n`)
    const loop = join(folder, 'loop')
    symlinkSync(loop, loop)
    // Node throws this error; others, such as that of a missing command, it emits.
    for (const name of [loop, 'x'.repeat(5000)]) {
      expect(await outputOf(name)).toBe(`pynet: ${name}: cannot be run now\n`)
    }
  })

  test('without an end is cut at 64 MiB, and the line says so', async () => {
    const path = script('exec yes "$(printf %0999d)"')
    const output = await outputOf(path)
    expect(output.length).toBeLessThan(64 * 2 ** 20 + 200)
    expect(output.slice(-200)).toMatch(
      /0\npynet: [^\n]*: its output is too long, and is cut here\n$/,
    )
  })

  test('ends at the time limit, also where something else holds the pipe', async () => {
    const path = script('echo first; sleep 30')
    expect(await outputOf(path, { timeoutMs: 200 })).toBe(
      `first\npynet: ${path}: took longer than 0.2 s\n`,
    )
  })
})

test('a command is ended at once when the server is', async () => {
  const file = join(folder, 'pid')
  const path = script(`echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 60`)
  const server = new AbortController()
  const output = outputOf(path, { signal: server.signal })
  await waitUntil(() => existsSync(file), 'the command to run')
  server.abort()
  expect(await output).toBe(`pynet: ${path}: ended with SIGKILL\n`)
  const pid = Number(readFileSync(file, 'utf8'))
  await waitUntil(() => stateOf(pid) === undefined, 'the end of the command')
})

describe('a shared run', () => {
  /** A run that ends when the test says so. */
  function controlled() {
    const ends: ((value: number) => void)[] = []
    const failures: ((error: Error) => void)[] = []
    const run = () =>
      new Promise<number>((resolve, reject) => {
        ends.push(resolve)
        failures.push(reject)
      })
    return { run: sharedRun(run), ends, failures }
  }

  test('is begun when it is asked for, and again when it is asked for after its end', async () => {
    const { run, ends } = controlled()
    expect(ends).toHaveLength(0)
    const first = run()
    await turn()
    ends[0]?.(1)
    expect(await first).toBe(1)
    const second = run()
    await turn()
    ends[1]?.(2)
    expect(await second).toBe(2)
  })

  test('all who ask while one is under way share the next, which begins at its end', async () => {
    const { run, ends } = controlled()
    const first = run()
    await turn()
    const others = [run(), run(), run()]
    await turn()
    expect(ends).toHaveLength(1)
    ends[0]?.(1)
    expect(await first).toBe(1)
    await turn()
    expect(ends).toHaveLength(2)
    // Whoever asks now gets no answer that is older than the question.
    const late = run()
    ends[1]?.(2)
    expect(await Promise.all(others)).toEqual([2, 2, 2])
    await turn()
    ends[2]?.(3)
    expect(await late).toBe(3)
  })

  test('that fails, fails for those who share it, and the next is run', async () => {
    const { run, ends, failures } = controlled()
    const first = run()
    await turn()
    const second = run()
    failures[0]?.(new Error('broken'))
    await expect(first).rejects.toThrow('broken')
    await turn()
    ends[1]?.(2)
    expect(await second).toBe(2)
  })
})
