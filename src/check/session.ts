// What one step works with: the program, our ends of its connections, a time limit, a clean end.
import type { Address, Listener, TcpSocket } from '../socket/index.ts'
import type { TraceCall } from '../trace/format.ts'
import { TimeLimit } from './deadline.ts'
import { Partner } from './partner.ts'
import { Program } from './program.ts'

/** How a check is made. */
export interface CheckOptions {
  /** The program and its arguments; `{host}` and `{port}` in them are replaced. */
  readonly command: readonly string[]
  readonly seed: number
  /** The time limit of each step. */
  readonly timeoutMs: number
  /** How many copies an echo-server must send; undefined: any number. */
  readonly copies: number | undefined
  /** What is typed as the go-ahead of an echo-server. */
  readonly goAheadInput: string
}

export interface StartOptions {
  readonly host: string
  readonly port: number
  readonly env?: NodeJS.ProcessEnv | undefined
}

export class Session {
  readonly options: CheckOptions
  /** Aborted at the step's time limit (TimeLimitError), or when the check is interrupted. */
  readonly signal: AbortSignal
  /** In the order of their start. */
  readonly programs: Program[] = []
  readonly #interruption: AbortSignal
  readonly #limit: TimeLimit
  readonly #sockets: TcpSocket[] = []
  readonly #listeners: Listener[] = []
  readonly #cleanUps: (() => void | Promise<void>)[] = []
  #command: readonly string[]
  #closing: Promise<void> | undefined

  constructor(options: CheckOptions, interruption: AbortSignal) {
    this.options = options
    this.#command = options.command
    this.#interruption = interruption
    this.#limit = new TimeLimit(options.timeoutMs)
    this.signal = AbortSignal.any([interruption, this.#limit.signal])
    interruption.addEventListener('abort', this.#kill)
  }

  /** The command's last argument: echo-client's string, wps-client's request. */
  get lastArgument(): string {
    return this.#command.at(-1) ?? ''
  }

  get hasConnected(): boolean {
    return this.#sockets.length > 0
  }

  get isInterrupted(): boolean {
    return this.#interruption.aborted
  }

  throwIfInterrupted(): void {
    this.#interruption.throwIfAborted()
  }

  /** Rejects with Uncheckable if the program cannot be started. */
  async start({ host, port, env }: StartOptions): Promise<Program> {
    this.throwIfInterrupted()
    this.#command = this.options.command.map((word) =>
      word.replaceAll('{host}', host).replaceAll('{port}', String(port)),
    )
    const program = await Program.start(this.#command, env)
    this.programs.push(program)
    if (this.isInterrupted) this.#kill()
    return program
  }

  /** Gives the step its time once more: it has come a good part further. */
  renewTime(): void {
    this.#limit.renew()
  }

  /** Makes a connection one of this step's. */
  partner(socket: TcpSocket): Partner {
    this.#sockets.push(socket)
    return new Partner(socket, this.signal)
  }

  addListener(listener: Listener): void {
    this.#listeners.push(listener)
    this.atEnd(() => listener.close())
  }

  /** `cleanUp` is called when the step is over. */
  atEnd(cleanUp: () => void | Promise<void>): void {
    this.#cleanUps.push(cleanUp)
  }

  /** Whether a call was made on one of this step's sockets. */
  hasMade({ local, remote }: TraceCall): boolean {
    if (local === undefined) return false
    const isAt = (address: Address, port: number) => address.port === port
    if (remote === undefined)
      return this.#listeners.some(({ address }) => isAt(address, local.port))
    return this.#sockets.some(({ localAddress, remoteAddress }) => {
      return isAt(localAddress, local.port) && isAt(remoteAddress, remote.port)
    })
  }

  /** Resolves when nothing of the step is left: no program, no connection, no timer. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#limit.stop()
    await Promise.all([
      ...this.#sockets.map((socket) => socket.close()),
      ...this.programs.map((program) => program.stop()),
    ])
    await Promise.all(this.#cleanUps.map((cleanUp) => cleanUp()))
    this.#interruption.removeEventListener('abort', this.#kill)
  }

  /** Whoever interrupts a check wants it to end now. */
  readonly #kill = () => {
    for (const program of this.programs) program.kill()
  }
}
