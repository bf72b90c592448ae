// Wrong usage: what is wrong with a command line, and what to type instead.
import { type Command, CommanderError } from 'commander'
import { SUMMARIES } from './summaries.ts'

const EXIT_USAGE = 2

type Names = Readonly<Record<string, { readonly original?: string }>>

/**
 * Throws CommanderError where the command line cannot be right, whatever the commands take: a
 * command that does not exist, or an argument whose bytes Node has replaced already.
 */
export function checkWords(words: readonly string[], commands: Names = SUMMARIES): void {
  const [name = ''] = words[0] === 'help' ? words.slice(1) : words
  if (/^[^-]/.test(name) && !Object.hasOwn(commands, name)) {
    const similar = Object.keys(commands).filter((command) => {
      return commands[command]?.original === name || command.split('-').includes(name)
    })
    // A word that is only mistyped is left to commander, which finds the one that is most alike.
    if (similar.length > 0) {
      throw usageError(`unknown command '${name}' (did you mean ${similar.join(', ')}?)`)
    }
  }
  const damaged = words.find((word) => word.includes('\ufffd'))
  if (damaged !== undefined) {
    const advice = 'echo-client takes any bytes from standard input, with - as its string'
    throw usageError(`the argument '${damaged}' is not valid UTF-8 (${advice})`)
  }
}

/** Returns one line that says what is wrong, and what to do where a beginner would be stuck. */
export function usageMessage({ code, message }: CommanderError, program: Command): string {
  const line = message
    .trim()
    .replace(/^error: (command-argument value )?/, '')
    .replaceAll('\n', ' ')
  const command = program.commands.find(
    (one) => one.args.length > 0 || program.args[0] === one.name(),
  )
  const advice = adviceFor(code, command)
  return advice === undefined ? line : `${line} (${advice})`
}

function adviceFor(code: string, command: Command | undefined): string | undefined {
  if (command === undefined) return undefined
  const takesString = command.registeredArguments.some((argument) => argument.name() === 'string')
  if (code === 'commander.excessArguments' && takesString) return 'put the string in quotes'
  if (code === 'commander.unknownOption' && takesString) {
    return 'write -- before a string that begins with a dash'
  }
  const isAboutArguments =
    code === 'commander.excessArguments' || code === 'commander.missingArgument'
  return isAboutArguments ? `usage: pynet ${command.name()} ${command.usage()}` : undefined
}

function usageError(message: string): CommanderError {
  return new CommanderError(EXIT_USAGE, 'pynet.usage', message)
}
