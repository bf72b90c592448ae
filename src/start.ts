// What users run: answers --version and --help at once, and loads the rest for everything else.
import { writeFileSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }
import { overview } from './commands/shared/summaries.ts'
import { loadPart } from './load-part.ts'
import { leaveTerminalModesAlone } from './terminal/modes.ts'

const STDOUT = 1
const STDERR = 2
const EXIT_USAGE = 2

process.once('exit', leaveTerminalModesAlone)
start(process.argv.slice(2))

function start(args: string[]): void {
  const [first, second] = args
  if (first === '--version' || first === '-V') print(STDOUT, `${packageJson.version}\n`)
  else if (first === '--help' || first === '-h') print(STDOUT, overview())
  else if (first === 'help' && second === undefined) print(STDOUT, overview())
  else if (first === undefined) {
    print(STDERR, overview())
    process.exitCode = EXIT_USAGE
  } else void loadPart('cli')
}

/** Prints without what a terminal, a pipe or a network would need to be loaded first. */
function print(descriptor: number, text: string): void {
  try {
    writeFileSync(descriptor, text)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EPIPE') return // its reader has left
    process.stderr.write(`pynet: cannot write to standard output: ${message}\n`)
    process.exitCode = 1
  }
}
