// Real pseudo-terminals, made by `script`: a program in one, or an interactive shell.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { projectRoot, pynetPath, type RunningProcess, start } from './processes.ts'

export const controlC = '\x03'
export const controlD = '\x04'
export const enter = '\r'
/** No colours, so that the screen can be compared. */
export const plain = { NO_COLOR: '1' }

type Environment = Record<string, string | undefined>

export function quote(word: string | number): string {
  return `'${String(word).replaceAll("'", "'\\''")}'`
}

/** A line of sh in a terminal; its stdout is the screen, its input the keyboard. */
export function openTerminal(
  line: string,
  env: Environment = plain,
  cwd = projectRoot,
): RunningProcess {
  return start('script', ['-qec', line, '/dev/null'], {
    stdin: 'pipe',
    cwd,
    env: { TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', SHELL: '/bin/sh', ...env },
    ownGroup: true,
  })
}

/** Our program in a terminal of its own, with these words on its command line. */
export function openPynet(words: readonly (string | number)[], env?: Environment): RunningProcess {
  return openTerminal(`exec ${pynetLine(words)}`, env)
}

/** The line of sh that runs our program. */
export function pynetLine(words: readonly (string | number)[]): string {
  return [process.execPath, pynetPath, ...words].map(quote).join(' ')
}

/**
 * An interactive bash, with its line editor, in which `pynet` is our program. It leads the session
 * itself (`exec`), whatever shell `script` starts: closing the terminal is told to the leader only.
 */
export function openBash(env: Environment = plain, cwd = projectRoot): RunningProcess {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-bash-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'pynet'), `#!/bin/sh\nexec ${pynetLine([])} "$@"\n`)
  chmodSync(join(folder, 'pynet'), 0o755)
  const own = { PATH: `${folder}:${process.env.PATH}`, PS1: 'prompt> ', HISTFILE: '' }
  return openTerminal('exec bash --norc --noprofile -i', { ...own, ...env }, cwd)
}

/** The port of the ready line, wherever on the screen it is and whatever its colours. */
export async function portOnScreen(terminal: RunningProcess): Promise<number> {
  const line = await terminal.waitFor('stdout', /pynet: .*listening on port (\d+)/)
  return Number(line[1])
}
