// The command to watch: where it is, whether it can be started, and what to call it.
import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { WatchError } from './errors.ts'

/** As a shell says it. */
const EXIT_NOT_EXECUTABLE = 126
const EXIT_NOT_FOUND = 127

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'
const SHELL = '/bin/sh'
const SET_USER_ID = 0o4000
const SET_GROUP_ID = 0o2000

export interface Command {
  /** What strace is to start. */
  readonly words: readonly string[]
  /** What the trace calls it. */
  readonly program: string
}

/**
 * Finds the command as a shell does, before anything starts. Throws WatchError with exit code 127
 * if it is not there, with 126 if it cannot be executed, and with 1 if tracing takes its rights away.
 */
export function findCommand([name = '', ...args]: readonly string[]): Command {
  const path = pathOf(name)
  const stats = statSync(path)
  if (stats.isDirectory()) throw notExecutable(name, 'it is a directory', 'EISDIR')
  if (!isExecutable(path)) {
    throw notExecutable(name, `permission denied (chmod +x makes a program executable)`, 'EACCES')
  }
  rejectForeignRights(name, stats)
  const words = isPlainScript(path) ? [SHELL, path, ...args] : [name, ...args]
  return { words, program: programOf([name, ...args]) }
}

export function notExecutable(name: string, reason: string, code: string): WatchError {
  return new WatchError(`cannot execute ${name}: ${reason}`, code, EXIT_NOT_EXECUTABLE)
}

function pathOf(name: string): string {
  if (name.includes('/')) {
    if (statsOf(name) !== undefined) return name
    throw new WatchError(`${name}: no such file`, 'ENOENT', EXIT_NOT_FOUND)
  }
  const folders = (process.env.PATH ?? DEFAULT_PATH).split(delimiter)
  const candidates = name === '' ? [] : folders.map((folder) => join(folder || '.', name))
  const files = candidates.filter((path) => statsOf(path)?.isFile())
  const found = files.find(isExecutable) ?? files[0]
  if (found !== undefined) return found
  const isHere = name !== '' && statsOf(name) !== undefined
  const advice = isHere ? `; for the one in this folder, type ./${name}` : ''
  throw new WatchError(`${name || '""'}: command not found${advice}`, 'ENOENT', EXIT_NOT_FOUND)
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    // It is not there, or no such name can be.
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** A traced program gains no rights by the marks setuid and setgid. */
function rejectForeignRights(name: string, { mode, uid, gid }: Stats): void {
  const gainsUser = (mode & SET_USER_ID) !== 0 && uid !== process.geteuid?.()
  const gainsGroup = (mode & SET_GROUP_ID) !== 0 && gid !== process.getegid?.()
  if (!gainsUser && !gainsGroup) return
  throw new WatchError(
    `${name} runs with its owner's rights (setuid), which tracing takes away: ` +
      `start pynet watch itself with these rights, as in "sudo pynet watch -- command"`,
  )
}

const HEAD_BYTES = 128
const ELF_MAGIC = '\x7fELF'

/** A text that does not say what runs it: a shell runs it itself, as the system will not. */
function isPlainScript(path: string): boolean {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const bytes = Buffer.alloc(HEAD_BYTES)
    const head = bytes.toString('latin1', 0, readSync(file, bytes))
    const [firstLine = ''] = head.split('\n')
    return !head.startsWith('#!') && !head.startsWith(ELF_MAGIC) && !firstLine.includes('\0')
  } catch {
    // It may be executed without being read.
    return false
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const INTERPRETERS = /^(?:python|pypy|node|java|ruby|perl|php|lua|tclsh|bash|dash|sh|env)[\d.]*$/

/** `python3 -u server.py 2000` is server.py to whoever wrote it. */
function programOf([name = '', ...args]: readonly string[]): string {
  const own = basename(name)
  if (!INTERPRETERS.test(own)) return own
  const script = args.find((arg) => !arg.startsWith('-'))
  return script !== undefined && statsOf(script)?.isFile() ? basename(script) : own
}
