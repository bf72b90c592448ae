// What a test needs from the machine; what is missing is printed, so that no test is left out silently.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { delimiter, join } from 'node:path'

/** Prints why the tests of a group do not run on this machine. */
export function reportMissing(what: string, group: string): void {
  console.log(`skipped: ${group}: ${what} is missing on this machine`)
}

/** Found by the configuration, once for all test files. */
const pythonExecutable = process.env.PYNET_TEST_PYTHON || undefined

/** The words that run a Python program. It starts sooner without installed packages (-S). */
export function python(...words: readonly (string | number)[]): string[] {
  return [pythonExecutable ?? 'python3', '-B', '-E', '-S', ...words.map(String)]
}

/** Says whether the peers can run. With PYNET_REQUIRE_PYTHON=1 they have to. */
export function hasPython(group: string): boolean {
  if (pythonExecutable !== undefined) return true
  if (process.env.PYNET_REQUIRE_PYTHON === '1') {
    throw new Error('PYNET_REQUIRE_PYTHON=1, but there is no python3 (3.6 or newer)')
  }
  reportMissing('python3', group)
  return false
}

/** Says whether a program is on the PATH. */
export function hasProgram(name: string, group: string): boolean {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      // Not in this directory.
    }
  }
  reportMissing(name, group)
  return false
}

/** Says whether `script` is there and is that of util-linux: others take other arguments. */
export function hasTerminal(group: string): boolean {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  if (stdout?.includes('util-linux')) return true
  reportMissing('script of util-linux', group)
  return false
}

/** Says whether a file such as /dev/full is there. */
export function hasFile(path: string, group: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    reportMissing(path, group)
    return false
  }
}

/** Says whether the loopback interface has ::1. */
export function hasIpv6(group: string): boolean {
  const addresses = Object.values(networkInterfaces()).flat()
  if (addresses.some((address) => address?.address === '::1')) return true
  reportMissing('IPv6 on the loopback interface', group)
  return false
}

/** Says whether this process may open so many files, as a crowd of connections needs. */
export function hasDescriptors(count: number, group: string): boolean {
  const { stdout } = spawnSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })
  const limit = Number(stdout)
  if (Number.isNaN(limit) || limit >= count + 100) return true
  reportMissing(`ulimit -n ${count + 100} (it is ${limit})`, group)
  return false
}

/** Says whether `unshare` can give a program namespaces of its own, such as `--net`. */
export function hasNamespaces(flags: readonly string[], group: string): boolean {
  if (spawnSync('unshare', ['--map-root-user', ...flags, 'true']).status === 0) return true
  reportMissing(`unshare ${flags.join(' ')} (or the right to use it)`, group)
  return false
}
