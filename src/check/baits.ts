// Commands that leave a mark when they are run: how one sees that a server runs what it is told.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Baits {
  /** The environment in which these commands are found before all others. */
  readonly env: NodeJS.ProcessEnv
  /** The names of those that have been run, in no order. */
  taken(): string[]
  /** Forgets what has been run so far. */
  reset(): void
  remove(): void
}

/**
 * Makes a command of each name. When run it leaves its mark; those in `real` then become the
 * command that they stand for, because a script that starts the server may need it.
 */
export function layBaits(names: readonly string[], real: readonly string[]): Baits {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-check-'))
  const [commands, marks] = [join(folder, 'commands'), join(folder, 'marks')]
  const path = process.env.PATH ?? ''
  mkdirSync(commands)
  mkdirSync(marks)
  const script = [
    '#!/bin/sh',
    `name=\${0##*/}`,
    `: > ${quoted(marks)}/"$name"`,
    `case " ${real.join(' ')} " in *" $name "*) PATH=${quoted(path)}; exec "$name" "$@" ;; esac`,
  ]
  writeFileSync(join(folder, 'bait'), `${script.join('\n')}\n`, { mode: 0o755 })
  for (const name of new Set([...names, ...real])) symlinkSync('../bait', join(commands, name))
  return {
    env: { ...process.env, PATH: `${commands}:${path}` },
    taken: () => readdirSync(marks),
    reset() {
      for (const name of readdirSync(marks)) rmSync(join(marks, name))
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A word for sh(1), whatever it contains. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
