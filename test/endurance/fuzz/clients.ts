// The three clients under fuzz: what each is given, and what it has to print and to exit with.
import type { Socket } from 'node:net'
import { type Counts, check } from '../support/outcome.ts'
import type { Random } from '../support/random.ts'
import { type Case, drawEnding, fuzzClient, sendingSteps } from './client-under-fuzz.ts'
import type { LaneOfRun } from './lane.ts'

const MAX_PIECES = 6
const MAX_PIECE_BYTES = 20_000
const LARGE_BYTES = 3_000_000
/** More than the buffers of both ends hold: it can't all be sent to a server that never reads. */
const UNSENDABLE_BYTES = 12_000_000
const ENDED_BY_SIGTERM = 143
const PROMPT = 'enter a letter:'

/** The exit codes that fit an ending, where an answer of so many bytes came. */
function statusesFor(ending: Case['ending'], bytes: number): number[] {
  if (ending === 'for ever') return [ENDED_BY_SIGTERM]
  // A close is an end of data, or a reset where the client's request was not read.
  if (ending === 'close') return [0, 1]
  return ending === 'end' && bytes > 0 ? [0] : [1]
}

function drawAnswer(random: Random): Buffer[] {
  const pieces: Buffer[] = []
  for (let left = random.integer(0, MAX_PIECES); left > 0; left--) {
    pieces.push(random.bytes(random.size(MAX_PIECE_BYTES)))
  }
  if (random.chance(0.1)) pieces.push(Buffer.alloc(LARGE_BYTES, random.bytes(1000)))
  return pieces
}

export const wpsClient: LaneOfRun = {
  name: 'wps-client',
  run: (lane) =>
    fuzzClient('wps-client', lane, (random) => {
      const ending = drawEnding(random)
      const answer = drawAnswer(random)
      const sent = Buffer.concat(answer).toString('latin1')
      return {
        args: [random.pick(['w', 'ps'])],
        steps: sendingSteps(random, answer),
        ending,
        statuses: statusesFor(ending, sent.length),
        judge(stdout) {
          const isRight = ending === 'end' ? stdout === sent : sent.startsWith(stdout)
          const found = `${stdout.length} bytes`
          check(lane.counts, isRight, 'stdout', `the ${sent.length} bytes that were sent`, found)
        },
      }
    }),
}

export const echoClient: LaneOfRun = {
  name: 'echo-client',
  run: (lane) =>
    fuzzClient('echo-client', lane, (random) => {
      const ending = drawEnding(random)
      const answer = drawAnswer(random)
      const bytes = answer.reduce((sum, piece) => sum + piece.length, 0)
      const isUnsendable = random.chance(0.15)
      const string = random.bytes(random.size(1000), 0x61, 0x7a).toString()
      return {
        args: isUnsendable ? ['-'] : [string],
        ...(isUnsendable && { input: 'x'.repeat(UNSENDABLE_BYTES) }),
        // A server that reads takes everything in time: what it reads must not be a part only.
        steps: sendingSteps(random, answer).filter((step) => step.do !== 'read'),
        ending,
        statuses: isUnsendable && ending === 'end' ? [1] : statusesFor(ending, bytes),
        judge: (stdout) => checkReceived(stdout, bytes, ending === 'end', lane.counts),
      }
    }),
}

/** Only the sizes of the pieces can be known, for TCP cuts them as it likes. */
function checkReceived(stdout: string, bytes: number, isWhole: boolean, counts: Counts): void {
  const sizes = [...stdout.matchAll(/^received (\d+) bytes$/gm)].map(([, size]) => Number(size))
  const sum = sizes.reduce((total, size) => total + size, 0)
  const isRight = isWhole ? sum === bytes : sum <= bytes
  check(counts, isRight, 'bytes received', `${isWhole ? '' : 'at most '}${bytes}`, sum)
}

export const strClient: LaneOfRun = {
  name: 'str-client',
  run: (lane) =>
    fuzzClient('str-client', lane, (random) =>
      random.chance(0.4) ? drawDialogue(random, lane.counts) : drawGarbage(random, lane.counts),
    ),
}

function drawLines(random: Random): string[] {
  return Array.from({ length: random.integer(1, 6) }, () =>
    random.bytes(random.integer(1, 3), 0x61, 0x7a).toString(),
  )
}

/** A server that does everything right, in pieces of any size, until the client has left. */
function drawDialogue(random: Random, counts: Counts): Case {
  const lines = drawLines(random)
  // What other clients are said to have sent in between is in capitals, so no piece of a reply
  // ends with our letter but the last.
  const foreign = new Map(
    lines.map((_, index) => [index, random.bytes(random.integer(0, 40), 0x41, 0x5a)]),
  )
  let value = ''
  let expected = ''
  const replies: string[] = []
  lines.forEach((line, index) => {
    value += foreign.get(index)?.toString()
    expected += PROMPT
    for (const letter of line) {
      value += letter
      replies.push(value)
      expected += `${value}\n`
    }
  })
  expected += PROMPT
  const end = random.pick(['\n', ''])
  return {
    args: [],
    input: `${lines.join('\n')}\n${end}`,
    steps: [],
    ending: 'end',
    statuses: [0],
    serve: (socket) => serveReplies(socket, replies, random.fork('pieces'), counts),
    judge: (stdout) => check(counts, stdout === expected, 'stdout', expected, stdout),
  }
}

/** Sends a reply for each letter that comes, and returns at the client's end of data. */
async function serveReplies(
  socket: Socket,
  replies: string[],
  random: Random,
  counts: Counts,
): Promise<void> {
  for await (const letters of socket) {
    for (let left = (letters as Buffer).length; left > 0; left--) {
      const reply = replies.shift() ?? ''
      const cut = random.chance(0.7) ? random.integer(0, reply.length) : reply.length
      socket.write(reply.slice(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(reply.slice(cut))
      counts.actions++
    }
  }
}

/** A server that sends anything: the client may take it for replies, and may wait for ever. */
function drawGarbage(random: Random, counts: Counts): Case {
  const ending = drawEnding(random)
  return {
    args: [],
    input: `${drawLines(random).join('\n')}\n`,
    steps: sendingSteps(random, drawAnswer(random)),
    ending,
    statuses: ending === 'for ever' ? [0, 1, ENDED_BY_SIGTERM] : [0, 1],
    judge: (stdout) => {
      // A reset can come before the client's connect has returned: then it never asks.
      const isWhole = stdout.startsWith(PROMPT) || (ending === 'reset' && stdout === '')
      check(counts, isWhole, 'stdout', `${PROMPT}…`, stdout.slice(0, 100))
    },
  }
}
