// One client program after another, each against a server that does anything at all.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { startPynet } from '../../bench/support/programs.ts'
import { check, within } from '../support/outcome.ts'
import { perform, reset } from '../support/perform.ts'
import { describePlan, type Step } from '../support/plan.ts'
import type { Random } from '../support/random.ts'
import type { Lane } from './lane.ts'

/** A client on a busy machine: it starts, talks, and its close may wait two seconds. */
const CLIENT_MS = 15_000
const IDLE_TIMEOUT_SECONDS = 0.3

/** How the server leaves the client: in good order, with a reset, by silence, or not at all. */
type Ending = 'end' | 'reset' | 'close' | 'silence' | 'for ever'

/** What one client is given, and what it has to make of it. */
export interface Case {
  readonly args: readonly string[]
  readonly input?: string
  /** What the server does before its ending. */
  readonly steps: readonly Step[]
  readonly ending: Ending
  /** The exit codes that are right. */
  readonly statuses: readonly number[]
  /** Serves instead of the steps, where what it does depends on the client. */
  serve?(socket: Socket): Promise<void>
  /** Judges what the client printed. */
  judge(stdout: string, status: number): void
}

/** Runs the client of this name again and again until the time is over. */
export async function fuzzClient(
  name: string,
  lane: Lane,
  draw: (random: Random) => Case,
): Promise<void> {
  let runs = 0
  for (; runs === 0 || !lane.isOver(); runs++) {
    const random = lane.random.fork(`client ${runs + 1}`)
    const drawn = draw(random)
    const { args, steps, ending } = drawn
    lane.at(`${random.seed}: ${describePlan(steps)}; ${ending}; ${args.join(' ').slice(0, 200)}`)
    await runOne(name, drawn, lane)
  }
  lane.note(`${runs} clients`)
}

async function runOne(name: string, drawn: Case, { counts }: Lane): Promise<void> {
  const { args, input, ending, statuses } = drawn
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connected = once(server, 'connection') as Promise<[Socket]>
  const idle = ending === 'silence' ? ['--idle-timeout', String(IDLE_TIMEOUT_SECONDS)] : []
  const words = [name, '127.0.0.1', port, ...args, ...idle, '--timeout', 5]
  const options = { keepOutput: true, encoding: 'latin1', ...(input !== undefined && { input }) }
  await using client = startPynet(words, options as { keepOutput: true; encoding: 'latin1' })
  const [socket] = await within(CLIENT_MS, `${name} connects`, connected)
  try {
    socket.on('error', () => {})
    counts.connections++
    await (drawn.serve?.(socket) ?? perform(socket, drawn.steps, counts))
    counts.actions++
    if (ending === 'end') socket.end()
    if (ending === 'close') socket.destroy()
    if (ending === 'reset') {
      counts.resets++
      reset(socket)
    }
    if (ending === 'for ever') client.kill('SIGTERM')
    const { status, stdout, stderr } = await within(CLIENT_MS, `${name} ends`, client.ended())
    const found = `${status}; stderr ${stderr}`
    check(counts, statuses.includes(status), 'exit code', statuses.join(' or '), found)
    check(counts, /^(pynet: [^\n]*\n)?$/.test(stderr), 'stderr', 'at most one line', stderr)
    const isSilent = status === 0 || status === 143
    check(counts, isSilent === (stderr === ''), 'stderr', 'a line where it failed', found)
    drawn.judge(stdout, status)
  } finally {
    socket.destroy()
    server.close()
  }
}

/** A random ending, each as likely as the others. */
export function drawEnding(random: Random): Ending {
  return random.pick(['end', 'end', 'reset', 'close', 'silence', 'for ever'])
}

/** Steps of a server that sends these pieces, in segments or a byte at a time, with rests. */
export function sendingSteps(random: Random, pieces: readonly Buffer[]): Step[] {
  const steps: Step[] = []
  for (const bytes of pieces) {
    const isSmall = bytes.length <= 40
    steps.push({ do: isSmall && random.chance(0.5) ? 'trickle' : 'send', bytes })
    // Shorter than the idle timeout, by more than a busy machine adds.
    if (random.chance(0.4)) steps.push({ do: 'pause', ms: random.integer(0, 30) })
    if (random.chance(0.2)) steps.push({ do: 'read', ms: random.integer(1, 30) })
  }
  return steps
}
