// What a command prints on this machine: what the answer of a wps-server is compared with.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { shown } from './words.ts'

/** This share of the processes that ran all the time may be missing in the output of ps. */
const MAX_MISSING_SHARE = 0.1

/** A line of ps begins with the number of a process. */
const PROCESS = /^\s*\d+\s/

/** The commands of the tutorial's server. */
export type SystemCommand = 'w' | 'ps'

/**
 * Runs the command as a server under check would: in a session without a terminal. Resolves with
 * its lines, none if there is no such command.
 */
export async function linesOf(command: string): Promise<string[]> {
  const child = spawn(command, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  child.on('error', () => {}) // there is none: its output is empty
  return splitLines(await text(child.stdout))
}

/**
 * Says what an answer lacks that should be the command's output, or undefined. `before` and `after`
 * are what the command printed before the request and after the answer. The last line may be
 * missing, as with the tutorial's server.
 */
export function mistakeIn(
  command: SystemCommand,
  answer: string,
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  const lines = splitLines(answer)
  if (!hasHeadOf(lines, before) && !hasHeadOf(lines, after)) {
    return `a first line such as ${shown(after[0] ?? '')}`
  }
  if (answer.includes('\r\n') && !after.some((line) => line.endsWith('\r\n'))) {
    return `lines that end with a newline alone, as those of ${command} do`
  }
  if (command === 'w') {
    const [least, most] = [Math.min, Math.max].map((of) => of(before.length, after.length))
    const isRight = lines.length >= (least ?? 0) - 1 && lines.length <= (most ?? 0)
    return isRight ? undefined : `${least} lines, as ${command} prints; the last may be missing`
  }
  const strange = lines.slice(1).find((line) => !PROCESS.test(line))
  if (strange !== undefined)
    return `lines of processes only, behind the head: not ${shown(strange)}`
  // What ran before and after ran all the time, the server too. The last line is that of the
  // greatest number: of ps itself, unless the numbers have just begun anew.
  const [listed, later] = [lines.map(processOf), after.map(processOf)]
  const steady = before.map(processOf).filter((pid) => later.includes(pid))
  const last = Math.max(...[...listed, ...later].map(Number).filter(Number.isFinite))
  const missing = steady.filter((pid) => !listed.includes(pid) && Number(pid) !== last)
  // ps shows those without a terminal, and a process may have had one for a while.
  const isEnough = missing.length <= steady.length * MAX_MISSING_SHARE
  return isEnough ? undefined : `a line for process ${missing[0]}`
}

/** As `mistakeIn`, of an answer that should have the last line, too. */
export function shortenedBy(
  _command: SystemCommand,
  answer: string,
  before: readonly string[],
  after: readonly string[],
): string | undefined {
  const least = Math.min(before.length, after.length)
  const isWhole = splitLines(answer).length >= least && answer.endsWith('\n')
  return isWhole ? undefined : `${least} lines, the last one with its newline`
}

/** Returns whether an answer begins as the output of a command does. */
export function beginsLike(answer: Buffer, output: readonly string[]): boolean {
  return answer.length > 0 && hasHeadOf(splitLines(answer.toString()), output)
}

/** Each line with its newline; the last may have none. */
function splitLines(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== '')
}

function hasHeadOf([head = '']: readonly string[], [reference = '']: readonly string[]): boolean {
  return shapeOf(head) === shapeOf(reference)
}

/** A line without its numbers and the width of its columns, which change from run to run. */
function shapeOf(line: string): string {
  return line.trim().replace(/\d+/g, '0').replace(/\s+/g, ' ')
}

function processOf(line: string): string {
  return line.trim().split(/\s+/)[0] ?? ''
}
