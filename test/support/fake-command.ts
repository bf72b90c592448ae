// wps-server where `ps` is the test's own, or missing: in a mount namespace of its own.
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
  /** A folder of the test's own, also in the script's $FOLDER. */
  folder: string
}

/** Returns whether a test may change what a program finds in the system's folders. */
export function hasMounts(group: string): boolean {
  return hasNamespaces(['--mount'], group)
}

/** Node.js is moved aside first, should it be in a folder that gets another content. */
const BEGIN = 'touch "$FOLDER/node"; mount --bind "$NODE" "$FOLDER/node"'
const END = 'exec "$FOLDER/node" "$PYNET" wps-server 0 --host 127.0.0.1 "$@"'
/** The first folder in which wps-server looks for its commands. */
const GIVE_COMMANDS = 'mount --bind "$FOLDER/bin" /usr/local/bin'
/** And all of them; `mount` would be gone with the first. */
const HIDE_COMMANDS = `
  cp "$(command -v mount)" "$FOLDER/mount"
  for commands in /usr/local/bin /usr/bin /bin; do
    "$FOLDER/mount" --bind "$FOLDER/bin" $commands
  done`

/** Starts wps-server where `ps` is a script of sh. */
export async function startWithPs(script: string, ...options: string[]): Promise<FakedServer> {
  return startFaked(GIVE_COMMANDS, script, options)
}

/** Starts wps-server where there is neither `ps` nor `w`. */
export function startWithoutPs(): Promise<FakedServer> {
  return startFaked(HIDE_COMMANDS, undefined, [])
}

async function startFaked(
  mounts: string,
  ps: string | undefined,
  options: string[],
): Promise<FakedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-fake-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'bin'))
  if (ps !== undefined) {
    const path = join(folder, 'bin', 'ps')
    // The command gets nothing of the server's environment.
    writeFileSync(path, `#!/bin/sh\nFOLDER='${folder}'\n${ps}\n`)
    chmodSync(path, 0o755)
  }
  const script = [BEGIN, mounts, END].join('\n')
  const flags = ['--map-root-user', '--mount', 'sh', '-euc', script, 'sh', ...options]
  const env = { FOLDER: folder, NODE: process.execPath, PYNET: pynetPath }
  const server = start('unshare', flags, { env, ownGroup: true })
  return { server, port: await server.ready(), folder }
}

/** Resolves when the server's command runs that program, with the number of its process. */
export function processOf({ server }: FakedServer, program: string): Promise<number> {
  const isIt = (pid: number) => programOf(pid) === program
  return waitUntil(() => descendantsOf(server.pid).find(isIt), `a process of ${program}`)
}

/** All processes that this one has started, directly or not. */
function descendantsOf(pid: number): number[] {
  try {
    return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
  } catch {
    return [] // It has just ended.
  }
}
