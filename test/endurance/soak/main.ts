// A long run of all six programs under mixed load: the memory of the servers has to stay.
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Program, startPynet } from '../../bench/support/programs.ts'
import { endBySignal } from '../../support/end-by-signal.ts'
import { check, noCounts, within } from '../support/outcome.ts'
import { descriptorCount, residentMegabytes } from '../support/process-state.ts'
import { Random } from '../support/random.ts'
import { COPIES, mixedLoad, repeat } from './load.ts'
import { growthOf, WARM_UP_SECONDS } from './memory.ts'

const DEFAULT_SECONDS = 600
const SAMPLE_MS = 1000
const DEADLINE_AFTER_MS = 120_000
const END_MS = 10_000
const MAX_SEED = 2 ** 32 - 1
const FINAL_VALUE = 'the final value of v is '
const LOCAL = ['--host', '127.0.0.1']
const USAGE = `usage: npm run soak -- [--seconds N] [--seed N]

--seconds N  for how long (${DEFAULT_SECONDS}); below ten minutes, memory after the first tenth
             takes the place of that after the first minute
--seed N     repeat the actions of the run that printed this seed`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      seed: { type: 'string', default: String(Math.floor(Math.random() * MAX_SEED)) },
      help: { type: 'boolean', default: false },
    },
  })
  const { seed } = values
  const seconds = Number(values.seconds)
  if (values.help || !(seconds >= 10)) {
    console.error(values.help ? USAGE : `${USAGE}\n\nat least 10 seconds`)
    process.exitCode = values.help ? 0 : 2
    return
  }
  console.log(`soak: seed ${seed}, ${seconds} s`)
  try {
    await soak(seed, seconds)
  } catch (error) {
    console.error(`\nsoak FAILED, seed ${seed}\n  ${error}`)
    process.exitCode = 1
  }
}

async function soak(seed: string, seconds: number): Promise<void> {
  const options = { encoding: 'latin1', deadlineMs: seconds * 1000 + DEADLINE_AFTER_MS } as const
  const start = (name: string, ...args: (string | number)[]) =>
    startPynet([name, 0, ...LOCAL, ...args], { ...options, keepOutput: name === 'str-server' })
  await using echo = start('echo-server', '-k', '--go-ahead', 'now', '--copies', COPIES)
  await using wps = start('wps-server')
  await using str = start('str-server', '--clients', 'any')
  const servers = { 'echo-server': echo, 'wps-server': wps, 'str-server': str }
  const counts = noCounts()
  const ports = { echo: await echo.ready(), wps: await wps.ready(), str: await str.ready() }
  const { works, talkers } = mixedLoad(ports, counts)

  const samples = Object.values(servers).map(() => [] as number[])
  const over = performance.now() + seconds * 1000
  let hasFailed = false
  const isOver = () => hasFailed || performance.now() > over
  const tenth = Math.ceil(seconds / 10)
  const latest = () =>
    Object.keys(servers)
      .map((name, index) => `${name} ${samples[index]?.at(-1)?.toFixed(1)} MB`)
      .join(', ')
  const sampling = async () => {
    for (; !isOver(); await delay(SAMPLE_MS)) {
      Object.values(servers).forEach((server, index) => {
        samples[index]?.push(residentMegabytes(server.pid))
      })
      const count = samples[0]?.length ?? 0
      if (count % tenth === 0) console.log(`after ${count} s: ${latest()}`)
    }
  }
  const random = new Random(seed)
  const all = [...works.map((work) => repeat(work, random, isOver)), sampling()]
  try {
    await Promise.all(all)
  } finally {
    // The others end their turn before the servers go.
    hasFailed = true
    await Promise.allSettled(all)
  }

  const early = Math.min(WARM_UP_SECONDS, seconds / 10)
  let failures = 0
  Object.entries(servers).forEach(([name, server], index) => {
    const ofServer = samples[index] ?? []
    const at = Math.max(1, Math.round((ofServer.length * early) / seconds))
    const growth = growthOf(ofServer, at, early < WARM_UP_SECONDS)
    if (growth.isTooMuch) failures++
    const change = `${((growth.late / growth.early - 1) * 100).toFixed(1)} %`
    console.log(
      `${name}: ${growth.early.toFixed(1)} MB after ${early} s, ${growth.late.toFixed(1)} MB at ` +
        `the end (${change})${growth.isTooMuch ? ' TOO MUCH' : ''}, ` +
        `${descriptorCount(server.pid)} descriptors`,
    )
  })
  for (const server of Object.values(servers)) await endOf(server)
  const { stdout } = await str.ended()
  const value = Buffer.from(stdout.slice(FINAL_VALUE.length, -1), 'latin1')
  for (const talker of talkers) talker.checkAgainst(value)
  const { actions, connections, resets, checks } = counts
  console.log(
    `soak: ${[actions, connections, resets, checks].map((n) => n.toLocaleString('en')).join(', ')} ` +
      `actions, connections, resets, checks; v has ${value.length.toLocaleString('en')} bytes; ` +
      `${failures} failures, seed ${seed}`,
  )
  process.exitCode = failures > 0 ? 1 : 0

  async function endOf(server: Program): Promise<void> {
    server.kill('SIGTERM')
    const { status, stderr } = await within(END_MS, 'a server ends', server.ended())
    check(counts, status === 143, 'exit code', 143, `${status}; stderr ${stderr}`)
    const isClean = !/^ +at |internal error/m.test(stderr)
    check(counts, isClean, 'stderr', 'no stack, no internal error', stderr)
  }
}

endBySignal()
await main()
