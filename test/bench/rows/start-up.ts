// Start-up: whole runs of a process, beside a Node.js that does nothing, on several versions of Node.js.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { compare, type Scenario, tell } from '../support/compare.ts'
import { childrenSeconds } from '../support/proc.ts'
import { type Build, environment, scratchFolder } from '../support/programs.ts'
import { median } from '../support/statistics.ts'
import { freePort } from './echo.ts'

const VERSIONS = [20, 22, 24]
const STARTS = 20
const TIME = 'ms'
const COST = 'ms of processor'

/** Returns the Node.js of a version, from npm unless it is the one that runs this. */
function nodeOf(version: number): string | undefined {
  if (process.version.startsWith(`v${version}.`)) return process.execPath
  const name = `node-${platform()}-${arch()}`
  const folder = join(scratchFolder(), `node-${version}`)
  mkdirSync(folder)
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${version}`]
  if (spawnSync('npm', words, { stdio: 'ignore' }).status === 0) {
    return join(folder, 'node_modules', name, 'bin/node')
  }
  tell(`start-up on Node.js ${version} left out: npm has no ${name}@${version} for us`)
  return undefined
}

/** Starts a program so many times, one after the other. */
function startOften(node: string, args: readonly string[], expected: number, starts: number) {
  const before = childrenSeconds()
  const times = Array.from({ length: starts }, () => {
    const start = performance.now()
    const { status } = spawnSync(node, args, { env: environment, stdio: 'ignore' })
    if (status !== expected) throw new Error(`${args.join(' ')}: exit code ${status}`)
    return performance.now() - start
  })
  return { [TIME]: median(times), [COST]: ((childrenSeconds() - before) * 1000) / starts }
}

export const startUp: Scenario = {
  name: 'start-up',
  async run(options) {
    const starts = options.quick ? STARTS / 10 : STARTS
    const works = [
      { args: ['--version'], status: 0, goal: 1.15 },
      { args: ['--help'], status: 0, goal: 1.15 },
      { args: ['echo-client', '127.0.0.1', String(await freePort()), 'x'], status: 1, goal: 1.25 },
    ]
    const rows = []
    for (const version of VERSIONS) {
      const node = nodeOf(version)
      if (node === undefined) continue
      const bare = async () => startOften(node, ['-e', '0'], 0, starts)
      for (const { args, status, goal } of works) {
        const what = status === 0 ? `pynet ${args[0]}` : 'a refused client'
        const comparison = {
          what: `start-up, Node.js ${version}: ${what}`,
          measures: { [TIME]: { better: 'less', goal }, [COST]: { better: 'less', goal } },
          measure: async ({ program }: Build) =>
            startOften(node, [program, ...args], status, starts),
          peers: { 'bare Node.js': bare },
        } as const
        rows.push(...(await compare(comparison, options)))
      }
    }
    return rows
  },
}
