// Starts real programs for a test, shows what they print as it comes, and ends them with the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, onTestFailed, onTestFinished } from 'vitest'
import { python } from './requirements.ts'
import { within } from './waiting.ts'

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url))
export const pynetPath = fileURLToPath(new URL('../../bin/pynet.js', import.meta.url))
const peersDirectory = fileURLToPath(new URL('../interop/peers/', import.meta.url))

type StreamName = 'stdout' | 'stderr'

export interface StartOptions {
  /** Where the program reads: /dev/null (the default) or a pipe that stays open until `end`. */
  stdin?: 'ignore' | 'pipe'
  /** The whole standard input: written at once, then the pipe is closed. */
  input?: string | Uint8Array
  /** Variables beside the test's own; `undefined` removes one. */
  env?: Record<string, string | undefined>
  cwd?: string
  /** Gives the program a process group of its own, so that all its children end with the test. */
  ownGroup?: boolean
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  /** What a shell shows as `$?`: the exit code, or 128 + the number of the signal. */
  status: number
}

export interface Finished extends Exit {
  stdout: string
  stderr: string
}

export interface RunningProcess {
  readonly pid: number
  /** Every byte so far. */
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** When the program has ended and both its outputs are at their end. */
  readonly exit: Promise<Exit>
  /** Waits until the text of a stream matches. Rejects when the stream ends without a match. */
  waitFor(stream: StreamName, pattern: RegExp): Promise<RegExpMatchArray>
  /** Waits until a stream holds exactly this text. Rejects at the first byte that differs. */
  waitForExactly(stream: StreamName, text: string): Promise<void>
  /** The port of the line `pynet: listening on port N` (a peer writes `peer: ...`) on stderr. */
  ready(): Promise<number>
  write(data: string | Uint8Array): void
  /** Closes the program's standard input. */
  end(): void
  kill(signal: NodeJS.Signals): void
  /** Waits for the end; gives the exit, stdout as Latin-1 (a letter a byte) and stderr as UTF-8. */
  finished(): Promise<Finished>
}

/** The environment of a user's shell: what the test runner adds for colours and options is gone. */
function cleanEnvironment(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_OPTIONS', 'COLORTERM', 'CI']) {
    delete environment[name]
  }
  return { ...environment, ...extra }
}

/** Collects one output of a program and tells the waiting callers about each change. */
class Output {
  readonly #encoding: BufferEncoding
  #chunks: Buffer[] = []
  #changed = new Set<() => void>()
  ended = false

  constructor(encoding: BufferEncoding) {
    this.#encoding = encoding
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#notify()
  }

  end(): void {
    this.ended = true
    this.#notify()
  }

  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }

  get text(): string {
    return this.bytes.toString(this.#encoding)
  }

  /** Resolves with the first value that `look` finds in the text; rejects if the end comes first. */
  until<Value>(look: (text: string) => Value | undefined, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const check = () => {
        try {
          const found = look(this.text)
          if (found !== undefined) resolve(found)
          else if (this.ended) throw new Error(`ended before ${what}; all of it: ${this.quoted}`)
          else return
        } catch (error) {
          reject(error)
        }
        this.#changed.delete(check)
      }
      this.#changed.add(check)
      check()
    })
  }

  get quoted(): string {
    return JSON.stringify(this.text.slice(0, 4000))
  }

  #notify(): void {
    for (const check of [...this.#changed]) check()
  }
}

function collect(child: ChildProcess, name: StreamName): Output {
  // What comes from the network is any bytes: in Latin-1 each is one letter, and none is lost.
  const output = new Output(name === 'stdout' ? 'latin1' : 'utf8')
  child[name]?.on('data', (chunk: Buffer) => output.add(chunk))
  child.on('close', () => output.end())
  return output
}

export function start(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): RunningProcess {
  const { stdin = 'ignore', input, env, cwd = projectRoot, ownGroup = false } = options
  const child = spawn(command, args, {
    cwd,
    env: cleanEnvironment(env),
    stdio: [input === undefined ? stdin : 'pipe', 'pipe', 'pipe'],
    detached: ownGroup,
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${command}`)
  const outputs = { stdout: collect(child, 'stdout'), stderr: collect(child, 'stderr') }
  const exit = new Promise<Exit>((resolve) => {
    child.on('close', (code, signal) => {
      const status = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      resolve({ code, signal, status })
    })
  })
  const label = [command, ...args].join(' ').replaceAll(projectRoot, '')
  // A program may end before it has read its input: that is its good right.
  child.stdin?.on('error', () => {})
  if (input !== undefined) child.stdin?.end(input)

  onTestFailed(() => {
    console.error(
      `${label}\n  exit code ${child.exitCode}, signal ${child.signalCode}` +
        `\n  stdout ${outputs.stdout.quoted}\n  stderr ${outputs.stderr.quoted}`,
    )
  })
  onTestFinished(async () => {
    if (ownGroup) killGroup(pid)
    child.kill('SIGKILL')
    await exit
  })

  return {
    pid,
    get stdout() {
      return outputs.stdout.bytes
    },
    get stderr() {
      return outputs.stderr.bytes
    },
    exit,
    waitFor(stream, pattern) {
      const look = (text: string) => text.match(pattern) ?? undefined
      const what = `${stream} of "${label}" matched ${pattern}`
      return within(outputs[stream].until(look, what), what, () => outputs[stream].quoted)
    },
    waitForExactly(stream, text) {
      const look = (have: string) => {
        if (!text.startsWith(have)) expect(have).toBe(text)
        return have === text || undefined
      }
      const what = `${stream} of "${label}" was ${JSON.stringify(text)}`
      const reached = outputs[stream].until(look, what).then(() => undefined)
      return within(reached, what, () => outputs[stream].quoted)
    },
    async ready() {
      const line = await this.waitFor('stderr', /^(?:pynet|peer): listening on port (\d+)$/m)
      return Number(line[1])
    },
    write(data) {
      child.stdin?.write(data)
    },
    end() {
      child.stdin?.end()
    },
    kill(signal) {
      child.kill(signal)
    },
    async finished() {
      const ended = await within(
        exit,
        `"${label}" ended`,
        () => `stdout ${outputs.stdout.quoted}, stderr ${outputs.stderr.quoted}`,
      )
      return { ...ended, stdout: outputs.stdout.text, stderr: outputs.stderr.text }
    },
  }
}

/** Ends what is left of a group that `start` made; an empty group is no error. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Every member has ended.
  }
}

/** Arguments for a program; the last may be the options of `start`. */
type Arguments = readonly (string | number | StartOptions)[]

function splitArguments(args: Arguments): [string[], StartOptions] {
  const last = args.at(-1)
  const options = typeof last === 'object' ? last : {}
  const words = args.filter((arg) => typeof arg !== 'object')
  return [words.map(String), options]
}

/** Runs `pynet` as a user does: the built program in a process of its own. */
export function startPynet(...args: Arguments): RunningProcess {
  const [words, options] = splitArguments(args)
  return start(process.execPath, [pynetPath, ...words], options)
}

/** Runs `pynet` to its end. */
export function runPynet(...args: Arguments): Promise<Finished> {
  return startPynet(...args).finished()
}

/** Runs one of the Python programs under test/interop/peers. */
export function startPeer(name: string, ...args: Arguments): RunningProcess {
  const [words, options] = splitArguments(args)
  const [command = '', ...rest] = python(`${peersDirectory}${name}.py`, ...words)
  return start(command, rest, options)
}

/** Runs lines of sh in which `pynet` is our program, with all the redirections a shell has. */
export function startShell(script: string, options: StartOptions = {}): RunningProcess {
  const prelude = 'pynet() { "$PYNET_NODE" "$PYNET_PROGRAM" "$@"; }\n'
  const env = { ...options.env, PYNET_NODE: process.execPath, PYNET_PROGRAM: pynetPath }
  return start('/bin/sh', ['-c', prelude + script], { ...options, env, ownGroup: true })
}
