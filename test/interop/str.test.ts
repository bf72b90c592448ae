// The sample session of the str programs (tutorial, section 6) in every mix of ours and the peers.
import { describe, expect, it } from 'vitest'
import type { RunningProcess } from '../support/processes.ts'
import { hasPython } from '../support/requirements.ts'
import { type Side, startSide } from './programs.ts'

const prompt = 'enter a letter:'

/** Who types which letter, in the order that the tutorial's two transcripts imply. */
const session = [
  ['first', 'a', 'a'],
  ['first', 'b', 'ab'],
  ['first', 'c', 'abc'],
  ['second', 'u', 'abcu'],
  ['second', 'u', 'abcuu'],
  ['second', 'v', 'abcuuv'],
  ['second', 'v', 'abcuuvv'],
  ['first', 'd', 'abcuuvvd'],
  ['second', 'w', 'abcuuvvdw'],
  ['second', 'w', 'abcuuvvdww'],
  ['first', 'e', 'abcuuvvdwwe'],
] as const

/** What a client prints in the session; what is typed is echoed by a terminal, and here is none. */
function transcriptOf(who: 'first' | 'second'): string {
  const replies = session.filter(([client]) => client === who).map(([, , reply]) => reply)
  return `${replies.map((reply) => `${prompt}${reply}\n`).join('')}${prompt}`
}

describe.runIf(hasPython('interop of the str pair'))('the session of section 6', () => {
  it.each<[Side, Side, Side]>([
    ['ours', 'ours', 'ours'],
    ['ours', 'ours', 'peer'],
    ['peer', 'ours', 'peer'],
  ])("server %s, clients %s and %s: the tutorial's transcripts", async (server, first, second) => {
    const serving = startSide(server, 'str-server', 0)
    const port = await serving.ready()
    const clients: Record<'first' | 'second', RunningProcess> = {
      first: startSide(first, 'str-client', 'localhost', port),
      second: startSide(second, 'str-client', 'localhost', port),
    }
    const printed = { first: prompt, second: prompt }
    await clients.first.waitForExactly('stdout', prompt)
    await clients.second.waitForExactly('stdout', prompt)

    for (const [who, letter, reply] of session) {
      clients[who].write(`${letter}\n`)
      printed[who] += `${reply}\n${prompt}`
      await clients[who].waitForExactly('stdout', printed[who])
    }
    expect(serving.stdout.length).toBe(0)

    for (const who of ['first', 'second'] as const) {
      clients[who].write('\n')
      const ended = await clients[who].finished()
      expect(ended.stdout).toBe(transcriptOf(who))
      expect(ended.stderr).toBe('')
      expect(ended.status).toBe(0)
    }
    const served = await serving.finished()
    expect(served.stdout).toBe('the final value of v is abcuuvvdwwe\n')
    expect(served.stderr).toMatch(/^\w+: listening on port \d+\n$/)
    expect(served.status).toBe(0)
  })
})
