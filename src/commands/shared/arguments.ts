// Arguments and options as they are typed: strict readers whose errors say what is allowed.
import { InvalidArgumentError } from 'commander'

const DIGITS = /^[0-9]+$/
const DECIMAL = /^[0-9]+(\.[0-9]+)?$/
const MAX_TIMER_SECONDS = 2_147_483

/** Returns a reader of whole numbers in plain decimal digits, from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return (text) => {
    const value = Number(text)
    if (DIGITS.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number ${range}.`)
  }
}

/** A port to listen on; 0 asks for any free one. */
export const listeningPort = wholeNumber(0, 65_535)

/** A port to connect to. */
export const serverPort = wholeNumber(1, 65_535)

/** Reads seconds such as `5` or `0.5`, and returns milliseconds. */
export function seconds(text: string): number {
  if (DECIMAL.test(text) && Number(text) <= MAX_TIMER_SECONDS) {
    // Not times 1000, of which 16.1 makes 16100.000000000002.
    return Math.ceil(Number(`${text}e3`))
  }
  throw new InvalidArgumentError('It must be a number of seconds such as 5 or 0.5.')
}

/** Reads seconds as `seconds` does, but not 0. */
export function positiveSeconds(text: string): number {
  const milliseconds = seconds(text)
  if (milliseconds > 0) return milliseconds
  throw new InvalidArgumentError('It must be more than 0 seconds.')
}

/** Returns a reader of one of some words, or else of what `other` reads; an error names them all. */
export function wordOr<W extends string, T>(
  words: readonly W[],
  other: (text: string) => T,
): (text: string) => W | T {
  return (text) => {
    const word = words.find((candidate) => candidate === text)
    if (word !== undefined) return word
    try {
      return other(text)
    } catch (error) {
      const rest = (error as Error).message.replace('It must be ', '')
      throw new InvalidArgumentError(`It must be ${words.join(', ')}, or ${rest}`)
    }
  }
}

/** Reads a host name or an IP address. */
export function hostName(text: string): string {
  if (/^[^:]+:\d*$/.test(text)) {
    throw new InvalidArgumentError('Write the port as an argument of its own.')
  }
  if (text !== '' && !/\s/.test(text)) return text
  throw new InvalidArgumentError('It must be a host name or an IP address.')
}
