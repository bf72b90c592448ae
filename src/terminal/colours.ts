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

/** Returns text of a ladder on stdout in the colour of its lane, counted from 0, or of a wait. */
export function ladderColour(text: string, colour: number | 'wait'): string {
  const paint = colour === 'wait' ? outputChalk.yellow.bold : lanes[colour % lanes.length]
  return paint?.(text) ?? text
}

/** The colours on stdout of what a check says of a step. */
export const stepColours = {
  held: outputChalk.green,
  failed: outputChalk.red,
  unchecked: outputChalk.yellow,
}
