// Starts the processes that are measured, and ends each of them by its own handle.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const path = (fromHere: string) => fileURLToPath(new URL(fromHere, import.meta.url))
const interopPeers = path('../../interop/peers/')
const benchPeers = path('../peers/')

/** No measured process may take longer; one that hangs must not hang the benchmarks. */
const DEADLINE_MS = 180_000
const READY_LINE = /^(?:pynet|peer): listening on port (\d+)$/m

/** A shell's environment, less what would make a measured process slower or more colourful. */
export const environment: NodeJS.ProcessEnv = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }
for (const name of ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_EXTRA_CA_CERTS', 'FORCE_COLOR']) {
  delete environment[name]
}

interface StartOptions {
  /** The whole standard input, written at once; without it /dev/null. */
  input?: string
  /** Whether stdout is kept to be looked at, or thrown away (/dev/null). */
  keepOutput?: boolean
  /** How kept output becomes text (utf8); latin1 makes each byte a letter, whatever it is. */
  encoding?: 'utf8' | 'latin1'
  /** When a process that has not ended by itself is killed. */
  deadlineMs?: number
  env?: NodeJS.ProcessEnv
}

const running = new Set<Program>()
process.once('exit', () => {
  for (const program of running) program.kill('SIGKILL')
})

/** A process under measurement: `await using` ends it with the block that started it. */
export class Program {
  readonly startedAt = performance.now()
  readonly #label: string
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly #closed: Promise<unknown>
  readonly #deadline: NodeJS.Timeout
  /** Tells of everything that comes on stdout or stderr, and of their ends. */
  readonly #changes = new EventEmitter()
  readonly #output = { stdout: '', stderr: '' }

  constructor(command: string, args: readonly string[], options: StartOptions = {}) {
    const { input, keepOutput = false, encoding = 'utf8', env = environment } = options
    this.#label = [command, ...args.map((arg) => arg.slice(0, 40))].join(' ')
    this.#child = spawn(command, args, {
      env,
      stdio: [input === undefined ? 'ignore' : 'pipe', keepOutput ? 'pipe' : 'ignore', 'pipe'],
    })
    running.add(this)
    this.#closed = once(this.#child, 'close')
    this.#exited = once(this.#child, 'exit').then(() => performance.now())
    for (const promise of [this.#closed, this.#exited]) promise.catch(() => {})
    this.#deadline = setTimeout(() => this.kill('SIGKILL'), options.deadlineMs ?? DEADLINE_MS)
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#child[name]?.setEncoding(name === 'stdout' ? encoding : 'utf8')
      stream?.on('data', (text) => {
        this.#output[name] += text
        this.#changes.emit('change')
      })
      stream?.on('end', () => this.#changes.emit('change'))
    }
    // A program may end before it has read its input: that is its good right.
    this.#child.stdin?.on('error', () => {})
    this.#child.stdin?.end(input)
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`cannot start ${this.#label}`)
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The port of the ready line on stderr. */
  async ready(): Promise<number> {
    const [, port] = await this.waitFor('stderr', READY_LINE)
    return Number(port)
  }

  /** Waits until an output matches; rejects when it ends without. */
  async waitFor(name: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#output[name].match(pattern)
      if (match) return match
      if (this.#child[name]?.readableEnded !== false) {
        throw this.#failure(`ended before ${name} had ${pattern}`)
      }
      await once(this.#changes, 'change')
    }
  }

  /** Waits for a good end; gives stdout, and when the process had ended. */
  async succeeded(): Promise<{ stdout: string; endedAt: number }> {
    const endedAt = await this.#exited
    await this.#closed
    if (this.#child.exitCode !== 0) throw this.#failure('failed')
    return { stdout: this.#output.stdout, endedAt }
  }

  /** Waits for the end, good or not; gives what a shell shows as `$?`, and the kept output. */
  async ended(): Promise<{ status: number; stdout: string; stderr: string }> {
    await this.#closed
    const { exitCode, signalCode } = this.#child
    const status = exitCode ?? 128 + (signalCode === null ? 0 : constants.signals[signalCode])
    return { status, ...this.#output }
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && !this.hasEnded) this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.#closed.catch(() => {})
    clearTimeout(this.#deadline)
    running.delete(this)
  }

  #failure(what: string): Error {
    const { exitCode, signalCode } = this.#child
    const how = signalCode ?? `exit code ${exitCode}`
    return new Error(`${this.#label} ${what} (${how}): ${this.#output.stderr.slice(-1000)}`)
  }
}

const isInstalled = (command: string) =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
export const hasPython = isInstalled('python3')
export const hasIperf = isInstalled('iperf3')

/** A build of pynet: its program, and what the package exports. */
export interface Build {
  program: string
  library: string
}

/** Returns the build in a clone. */
export function buildIn(clone: string): Build {
  const { exports } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'))
  const library = exports['.'].import?.default ?? exports['.'].default
  return { program: join(clone, 'bin/pynet.js'), library: join(clone, library) }
}

export const ours = buildIn(path('../../..'))

/** Starts pynet as a user runs it: a build, in a process of its own. */
export function startPynet(
  args: readonly (string | number)[],
  options?: StartOptions,
  { program }: Build = ours,
): Program {
  return new Program(process.execPath, [program, ...args.map(String)], options)
}

let folder: string | undefined

/** Returns a folder for what the benchmarks make; it is gone at the end. */
export function scratchFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'pynet-bench-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return folder
}

/** Builds a program of test/bench/peers, so that no loader runs in it; returns what starts it. */
export async function peerInNode(name: string): Promise<(...args: (string | number)[]) => Program> {
  const outfile = join(scratchFolder(), `${name}.cjs`)
  const entryPoints = [`${benchPeers}${name}.ts`]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs' })
  return (...args) =>
    new Program(process.execPath, [outfile, ...args.map(String)], { keepOutput: true })
}

/** Starts a peer in Python: one of the interop tests, or one from test/bench/peers. */
export function startPython(
  name: `interop/${string}` | `bench/${string}`,
  args: readonly (string | number)[],
  options?: StartOptions,
): Program {
  const [directory, file] = name.split('/')
  const program = `${directory === 'bench' ? benchPeers : interopPeers}${file}.py`
  const env = { ...environment, PYTHONPATH: interopPeers }
  return new Program('python3', [program, ...args.map(String)], { env, ...options })
}
