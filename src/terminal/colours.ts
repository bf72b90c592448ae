// The colours: only where a terminal is, unless FORCE_COLOR or NO_COLOR decides.
import stdoutChalk, { Chalk, chalkStderr } from 'chalk'

/** NO_COLOR (any value but an empty one) turns colours off; FORCE_COLOR is above it, as in Node. */
function chalkFor({ level }: typeof chalkStderr): typeof chalkStderr {
  const { FORCE_COLOR, NO_COLOR } = process.env
  return new Chalk({ level: NO_COLOR && FORCE_COLOR === undefined ? 0 : level })
}

const chalk = chalkFor(chalkStderr)

export const colours = {
  error: chalk.red,
  warning: chalk.yellow,
  hint: chalk.dim,
}

export type Colours = typeof colours

const outputChalk = chalkFor(stdoutChalk)
const lanes = [outputChalk.cyan, outputChalk.green, outputChalk.magenta]

/** The colours of a ladder on stdout: one for each lane, counted from 0, and one for a wait. */
export const ladderColours = {
  lane: (lane: number, text: string) => lanes[lane % lanes.length]?.(text) ?? text,
  waiting: (text: string) => outputChalk.yellow.bold(text),
}

/** The colours on stdout of what a check says of a step. */
export const stepColours = {
  held: outputChalk.green,
  failed: outputChalk.red,
  unchecked: outputChalk.yellow,
}
