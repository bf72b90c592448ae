// Bouts of hostile clients against one server, and between them a look at how it is.
import { setTimeout as delay } from 'node:timers/promises'
import { type Program, startPynet } from '../../bench/support/programs.ts'
import { check, Failure, within } from '../support/outcome.ts'
import { performAsClient } from '../support/perform.ts'
import { describePlan, drawPlan, type Payload } from '../support/plan.ts'
import { childrenOf, descriptorCount, residentMegabytes } from '../support/process-state.ts'
import type { Random } from '../support/random.ts'
import type { Lane } from './lane.ts'

const MAX_ACTORS = 12
const PROBE_MS = 20_000
const RETURN_MS = 5000
const POLL_MS = 20
const END_MS = 10_000
/**
 * A server that has warmed up still grows: V8 collects the buffers that a server threw away only
 * when some 64 MB of them have gathered outside its heap, and each reply of str-server is one, as
 * long as v. After fifty bouts str-server was seen to come and go between 30 and 55 MB more than
 * after the first. A leak of what floods bring is soon beyond this; the soak looks closer.
 */
const GROWTH_MB = 80

/** One running server, and what is known of how it has to answer. */
export interface Subject {
  /** Well-behaved clients at work while the hostile ones are. */
  meanwhile(random: Random): Promise<void>
  /** Whether the server does its job right, now that the hostile clients are gone. */
  probe(random: Random): Promise<void>
  /** Whether this server has had enough and shall be replaced. */
  readonly isWornOut: boolean
  /** Makes the server end without a signal, where it can. */
  leave?(): Promise<void>
  /** Judges what the server printed by its end. */
  judge(stdout: string): void
}

export interface ServerUnderFuzz {
  readonly args: readonly (string | number)[]
  readonly payload: Payload
  open(port: number, lane: Lane): Subject
}

/** Runs servers of one kind, one after another, until the time is over. */
export async function fuzzServer(what: ServerUnderFuzz, lane: Lane): Promise<void> {
  let bouts = 0
  let servers = 0
  for (; servers === 0 || !lane.isOver(); servers++) {
    const random = lane.random.fork(`server ${servers + 1}`)
    bouts += await fuzzOne(what, { ...lane, random })
  }
  lane.note(`${servers} server${servers === 1 ? '' : 's'}, ${bouts} bouts`)
}

async function fuzzOne(what: ServerUnderFuzz, lane: Lane): Promise<number> {
  const { random, counts } = lane
  const { deadlineMs } = lane
  const options = { keepOutput: true, encoding: 'latin1', deadlineMs } as const
  await using server = startPynet([...what.args], options)
  const port = await within(PROBE_MS, 'the server listens', server.ready())
  const subject = what.open(port, lane)
  // The first work of a server opens what it keeps.
  await subject.probe(random.fork('first probe'))
  const before = await calmDescriptors(server)
  let firstMegabytes = 0
  let bout = 0
  while (bout === 0 || !(lane.isOver() || subject.isWornOut)) {
    bout++
    const ofBout = random.fork(`bout ${bout}`)
    lane.at(ofBout.seed)
    await Promise.all([hostileClients(port, ofBout, what, lane), subject.meanwhile(ofBout)])
    check(counts, !server.hasEnded, 'the server', 'running', 'ended')
    await subject.probe(ofBout.fork('probe'))
    await returned(server, before, lane)
    firstMegabytes ||= residentMegabytes(server.pid)
  }
  const lastMegabytes = residentMegabytes(server.pid)
  const growth = lastMegabytes - firstMegabytes
  const memory = `${firstMegabytes.toFixed(1)} MB after the first bout, ${lastMegabytes.toFixed(1)} MB after bout ${bout}`
  check(counts, growth <= GROWTH_MB, 'resident memory', `at most ${GROWTH_MB} MB more`, memory)
  lane.note(`${memory}; ${before} descriptors before, ${descriptorCount(server.pid)} after`)
  await endAndJudge(server, subject, lane)
  return bout
}

async function hostileClients(
  port: number,
  random: Random,
  { payload }: ServerUnderFuzz,
  { counts, at }: Lane,
): Promise<void> {
  const clients = Array.from({ length: random.integer(1, MAX_ACTORS) }, async (_, index) => {
    const ofActor = random.fork(`actor ${index + 1}`)
    const plan = drawPlan(ofActor, payload)
    await within(PROBE_MS, `${ofActor.seed} ends`, performAsClient(port, plan, counts)).catch(
      (error) => {
        at(`${ofActor.seed}: ${describePlan(plan)}`)
        throw error
      },
    )
  })
  await Promise.all(clients)
}

/** The descriptors of a server at rest: a close behind the probe may still be under way. */
async function calmDescriptors(server: Program): Promise<number> {
  let least = descriptorCount(server.pid)
  for (let left = 300; left > 0; left -= POLL_MS) {
    await delay(POLL_MS)
    least = Math.min(least, descriptorCount(server.pid))
  }
  return least
}

/** Descriptors and children have to go back, soon after all hostile clients are gone. */
async function returned(server: Program, before: number, { counts }: Lane): Promise<void> {
  const deadline = performance.now() + RETURN_MS
  const state = () => ({
    descriptors: descriptorCount(server.pid),
    children: childrenOf(server.pid).length,
  })
  let now = state()
  while (now.descriptors > before || now.children > 0) {
    if (performance.now() > deadline) {
      const expected = `${before} and no children within ${RETURN_MS} ms`
      const found = `${now.descriptors} and ${now.children} children`
      throw new Failure('descriptors after a bout', expected, found)
    }
    await delay(POLL_MS)
    now = state()
  }
  counts.checks++
}

async function endAndJudge(server: Program, subject: Subject, lane: Lane): Promise<void> {
  const { random, counts } = lane
  lane.at(`${random.seed}, the end`)
  const leave = random.fork('end').chance(0.5) ? subject.leave?.bind(subject) : undefined
  if (leave === undefined) server.kill('SIGTERM')
  else await leave()
  const { status, stdout, stderr } = await within(END_MS, 'the server ends', server.ended())
  const expected = leave === undefined ? 143 : 0
  check(counts, status === expected, 'exit code', expected, `${status}; stderr ${stderr}`)
  const isClean = !/^ +at |internal error/m.test(stderr)
  check(counts, isClean, 'stderr', 'no stack, no internal error', stderr)
  subject.judge(stdout)
}
