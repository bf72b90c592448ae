// Programs to check: good ones, and good ones with a planted fault.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { check, type StepResult } from '../../src/check/check.ts'
import { ROLES, type RoleName } from '../../src/check/roles.ts'
import type { Step } from '../../src/check/step.ts'
import { python } from '../support/requirements.ts'

const programsFolder = fileURLToPath(new URL('./programs/', import.meta.url))
const faultsFolder = fileURLToPath(new URL('./faults/', import.meta.url))
const FAULTS = '.faults'
/** With PYNET_CHECK_REPEAT=30 every check is made thirty times in a row. */
export const repeat = Number(process.env.PYNET_CHECK_REPEAT ?? 1)
const settings = { seed: 1, copies: 10_000, goAheadInput: '\n' }

/** A good program with one fault. */
export interface Fault {
  readonly program: string
  /** What the program is, such as `a server that greets its client`. */
  readonly title: string
  /** The step that names the fault. */
  readonly step: string
  /** Lines of the good program, and what stands there instead. */
  readonly find: string
  readonly replace: string
}

export const goodPrograms = readdirSync(programsFolder)
export const roleNames = Object.keys(ROLES) as RoleName[]

/** `echo_server.c` plays `echo-server`. */
export function roleOf(program: string): RoleName {
  const name = basename(program, extname(program)).replace('_', '-')
  const role = roleNames.find((candidate) => candidate === name)
  if (role === undefined) throw new Error(`${program} is named after no role`)
  return role
}

/** What every program of a role takes; the string begins with a character of two bytes. */
export function argumentsOf(role: RoleName): string[] {
  if (role.endsWith('server')) return ['{port}']
  const last = { 'echo-client': ['été-ß'], 'wps-client': ['ps'] }[role as string] ?? []
  return ['{host}', '{port}', ...last]
}

/** Each block of a file is a fault: its title, its step (✗), lines taken out (-) and put in (+). */
export function readFaults(): Fault[] {
  return readdirSync(faultsFolder).flatMap((file) => {
    const blocks = readFileSync(join(faultsFolder, file), 'utf8').trim().split('\n\n')
    return blocks.map((block): Fault => {
      const [title = '', ...lines] = block.split('\n')
      const marked = (mark: string) =>
        lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length))
      const program = basename(file, FAULTS)
      const [find = '', replace = ''] = ['-', '+'].map((mark) => linesOf(marked(mark)))
      return { program, title, step: marked('✗ ').join(), find, replace }
    })
  })
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** A folder of programs that are ready to run. */
export class Workshop {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pynet-check-test-'))
  #count = 0

  /** Returns the command that starts a good program, with the fault if there is one. */
  commandOf(program: string, fault?: Fault): string[] {
    let text = readFileSync(join(programsFolder, program), 'utf8')
    if (fault !== undefined) {
      const parts = text.split(fault.find)
      if (parts.length !== 2) throw new Error(`"${fault.title}" does not fit ${program}`)
      text = parts.join(fault.replace)
    }
    const path = join(this.#folder, `${this.#count++}_${program}`)
    writeFileSync(path, text)
    return runnable(path)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

function runnable(path: string): string[] {
  if (path.endsWith('.mjs')) return [process.execPath, path]
  if (path.endsWith('.py')) return python(path)
  const binary = path.slice(0, -extname(path).length)
  execFileSync('gcc', ['-w', '-o', binary, path])
  return [binary]
}

/** Checks the command, `repeat` times. */
export async function checkRepeatedly(
  steps: readonly Step[],
  command: readonly string[],
  timeoutMs: number,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  for (let round = 0; round < repeat; round++) {
    const { signal } = new AbortController()
    results.push(...(await check(steps, { ...settings, command, timeoutMs }, signal)))
  }
  return results
}
