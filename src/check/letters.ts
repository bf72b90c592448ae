// Letters and names that the seed decides.
import { pieceSizes } from '../relay/cuts.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'

/** Returns `count` different letters, so that no part of the string looks like another. */
export function differentLetters(seed: number, count: number): string {
  const next = lettersFrom(LETTERS, seed)
  const letters = new Set<string>()
  while (letters.size < count) letters.add(next())
  return [...letters].join('')
}

/** Returns `count` different names of two letters or digits. */
export function randomNames(seed: number, count: number): string[] {
  const next = lettersFrom(LETTERS + DIGITS, seed)
  const names = new Set<string>()
  while (names.size < count) names.add(next() + next())
  return [...names]
}

function lettersFrom(alphabet: string, seed: number): () => string {
  const next = pieceSizes(seed, 0, alphabet.length - 1)
  return () => alphabet.charAt(next())
}
