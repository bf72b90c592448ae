// wps-server where `ps` is the test's own, or missing: with a mount namespace of its own.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { childrenOf, programOf } from './proc.ts'
import { pynetPath, type RunningProcess, start } from './processes.ts'
import { hasNamespaces } from './requirements.ts'
import { waitUntil } from './waiting.ts'

export interface FakedServer {
  server: RunningProcess
  port: number
}

/** Says whether a test may change what a program finds in the system's folders. */
export function hasMounts(group: string): boolean {
  return hasNamespaces(['--mount'], group)
}

/** Node.js is moved aside first, should it be in a folder that gets another content. */
const begin = 'touch "$FOLDER/node"; mount --bind "$NODE" "$FOLDER/node"'
const end = 'exec "$FOLDER/node" "$PYNET" wps-server 0 --host 127.0.0.1 "$@"'
/** The first folder in which wps-server looks for its commands. */
const giveCommands = 'mount --bind "$FOLDER/bin" /usr/local/bin'
/** And all of them; `mount` would be gone with the first. */
const hideCommands = `
  cp "$(command -v mount)" "$FOLDER/mount"
  for commands in /usr/local/bin /usr/bin /bin; do
    "$FOLDER/mount" --bind "$FOLDER/bin" $commands
  done`

/** Starts wps-server where `ps` is a script of sh. */
export function startWithPs(script: string, ...options: string[]): Promise<FakedServer> {
  const makePs = (path: string) => {
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
  }
  return startFaked(giveCommands, makePs, options)
}

/** Starts wps-server where `ps` is what `makePs` makes at the path that it gets. */
export function startWithPsAt(makePs: (path: string) => void): Promise<FakedServer> {
  return startFaked(giveCommands, makePs, [])
}

/** Starts wps-server where there is neither `ps` nor `w`. */
export function startWithoutPs(): Promise<FakedServer> {
  return startFaked(hideCommands, () => {}, [])
}

async function startFaked(
  mounts: string,
  makePs: (path: string) => void,
  options: string[],
): Promise<FakedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-fake-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'bin'))
  makePs(join(folder, 'bin', 'ps'))
  const script = [begin, mounts, end].join('\n')
  const flags = ['--map-root-user', '--mount', 'sh', '-euc', script, 'sh', ...options]
  const env = { FOLDER: folder, NODE: process.execPath, PYNET: pynetPath }
  const server = start('unshare', flags, { env })
  return { server, port: await server.ready() }
}

/** All processes that this one has started, directly or not. */
function descendantsOf(pid: number): number[] {
  try {
    return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
  } catch {
    return [] // It has just ended.
  }
}

/** Waits until the server's command has started that program, and gives the number of its process. */
export function processOf({ server }: FakedServer, program: string): Promise<number> {
  const isIt = (pid: number) => programOf(pid) === program
  return waitUntil(() => descendantsOf(server.pid).find(isIt), `a process of ${program}`)
}
