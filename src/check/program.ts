// The program under check: started in a process group of its own, with a keyboard that we type at.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { addMark, endMarked, killMarked } from './marked.ts'
import { addGroup, endGroup, killGroup, noteEnd } from './process-group.ts'
import { ProgramOutput } from './program-output.ts'
import { Uncheckable } from './step.ts'

/** What cannot be ended may hold the output open: it is not waited for any longer than this. */
const OUTPUT_GRACE_MS = 200

/** How a program ended: one of the two is null. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Started and not yet stopped: they end at the latest when this process ends, however it ends. */
const running = new Set<Program>()
process.on('exit', () => {
  for (const program of running) program.kill()
})

export class Program {
  readonly stdout = new ProgramOutput()
  readonly stderr = new ProgramOutput()
  /** The number of its process, and of its group. */
  readonly pid: number
  /** Resolves when it has ended and all that it printed is here. */
  readonly ended: Promise<Exit>
  readonly #child: ChildProcess
  readonly #mark: string
  #exit: Exit | undefined

  private constructor(child: ChildProcess, pid: number, mark: string) {
    this.#child = child
    this.#mark = mark
    this.pid = pid
    addGroup(pid)
    running.add(this)
    child.stdout?.on('data', (chunk: Buffer) => this.stdout.add(chunk))
    child.stderr?.on('data', (chunk: Buffer) => this.stderr.add(chunk))
    // It may end before it has read what was typed.
    child.stdin?.on('error', () => {})
    child.once('exit', () => noteEnd(pid))
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
  }

  /**
   * Starts the command. Rejects with Uncheckable if there is no such program, or it cannot be
   * executed.
   */
  static async start(
    [file = '', ...args]: readonly string[],
    environment: NodeJS.ProcessEnv = process.env,
  ): Promise<Program> {
    const { mark, env } = addMark(environment)
    try {
      const child = spawn(file, args, { detached: true, env, stdio: 'pipe' })
      // It must be known before we wait for anything: we may be interrupted meanwhile.
      if (child.pid !== undefined) return new Program(child, child.pid, mark)
      const [error] = await once(child, 'error')
      throw error
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const why = { ENOENT: 'there is no such program', EACCES: 'it may not be executed' }[
        code ?? ''
      ]
      throw new Uncheckable(`cannot start ${file}: ${why ?? message}`, { cause: error })
    }
  }

  /** As `ended`; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit
  }

  /** Types at its keyboard. */
  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Ends its standard input, as Ctrl-D does. */
  endInput(): void {
    this.#child.stdin?.end()
  }

  /** Ends it at once, with all that it has started. */
  kill(): void {
    killGroup(this.pid)
    killMarked(this.#mark)
  }

  /** Ends it with all that it has started, and resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await endGroup(this.pid)
    await endMarked(this.#mark)
    const giveUp = setTimeout(() => {
      this.#child.stdout?.destroy()
      this.#child.stderr?.destroy()
    }, OUTPUT_GRACE_MS)
    await this.ended
    clearTimeout(giveUp)
    running.delete(this)
  }
}
