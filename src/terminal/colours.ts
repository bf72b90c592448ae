// The colours of what goes to stderr: only on a terminal, unless FORCE_COLOR or NO_COLOR decides.
import { Chalk, chalkStderr } from 'chalk'

/** NO_COLOR (any value but an empty one) turns colours off; FORCE_COLOR is above it, as in Node. */
function colourLevel(): typeof chalkStderr.level {
  const { FORCE_COLOR, NO_COLOR } = process.env
  return NO_COLOR && FORCE_COLOR === undefined ? 0 : chalkStderr.level
}

const chalk = new Chalk({ level: colourLevel() })

export const colours = {
  error: chalk.red,
  warning: chalk.yellow,
  hint: chalk.dim,
}

export type Colours = typeof colours
