// Compares str-server with the bare server by the letters that each answers in a second.
import { programOf } from './built.ts'
import { compare, type Row } from './compare.ts'
import { FIRST_LETTERS, talkInRounds } from './letters.ts'
import { type Program, startPynet } from './programs.ts'
import { median, short } from './statistics.ts'

interface Work {
  what: string
  clients: number
  letters: number
  goal?: number
}

/** A row, and a note of what a letter costs the two servers, and the clients of both. */
export async function compareDialogue(
  { what, clients, letters, goal }: Work,
  runs: number,
): Promise<{ row: Row; note: string }> {
  const startBare = await programOf('str-server')
  const spent = { ours: 0, bare: 0, clients: 0 }
  const first = { ours: [] as number[], bare: [] as number[] }
  const measure = async (side: 'ours' | 'bare', program: Program) => {
    await using server = program
    const dialogue = await talkInRounds(server, clients, letters)
    const { seconds, serverSeconds, clientSeconds } = dialogue
    first[side].push(FIRST_LETTERS / dialogue.firstSeconds)
    spent[side] += serverSeconds
    spent.clients += clientSeconds / 2
    return letters / seconds
  }
  const options = ['--host', '127.0.0.1', '--clients', clients]
  const ours = () =>
    measure('ours', startPynet(['str-server', 0, ...options], { keepOutput: true }))
  const bare = () => measure('bare', startBare([clients]))
  const peers = [{ name: 'bare node:net', measure: bare }]
  const comparison = { what, unit: 'letters/s', better: 'high', ours, peers, goal } as const
  const row = await compare(comparison, runs)
  const microseconds = (seconds: number) => `${short((seconds * 1e6) / (letters * runs))} µs`
  const note =
    `${what}: processor time for each letter: ours ${microseconds(spent.ours)}, ` +
    `bare ${microseconds(spent.bare)}, the clients ${microseconds(spent.clients)}. ` +
    `The first ${FIRST_LETTERS.toLocaleString('en')} letters, before the code has warmed up, go at ` +
    `${short(median(first.ours))} and ${short(median(first.bare))} letters/s.`
  return { row, note }
}
