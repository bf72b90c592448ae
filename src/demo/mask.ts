// What --plain leaves out, so that two runs print the same: ports, times, chunks and chance.
import type { Words } from '../ladder/words.ts'
import { isReceiving, type Trace, type TraceCall } from '../trace/format.ts'

const PORT_OF_ADDRESS = /(?<=127\.0\.0\.1(:| |', ))[1-9]\d*/g
/** Two digits or more; the two bytes of a request are the same each time. */
const MANY_BYTES = /\d[\d,]+(?= bytes)|(?<=:)\d{2,}(?=\])/g
const SHORT_BYTES = 9
const SUMMED_TIME = /(?<=blocked +)[\d.]+ s/
const SUMMED_RECEIVES = /(?<=^ *(?:recv|tryRecv|read\w*) +)[\d,]+(?= ×)/

/** Each function returns what is shown in place of what it is given: here, everything. */
export const NO_MASK = {
  hidesTimes: false,
  trace: (trace: Trace): Trace => trace,
  words: (words: Words): Words => words,
  text: (text: string): string => text,
  summary: (lines: readonly string[]): readonly string[] => lines,
}

export type Mask = typeof NO_MASK

/** Returns the mask of --plain. `hasVaryingBytes`: how many bytes are sent is a matter of chance. */
export function plainMask(hasVaryingBytes: boolean): Mask {
  const hide = (text: string, hidden: (found: string) => string) =>
    hasVaryingBytes ? text.replace(MANY_BYTES, hidden) : text
  const text = (text: string) => hide(text.replace(PORT_OF_ADDRESS, 'PORT'), () => 'N')
  const inColumns = (word: string) => (found: string) => word.padStart(found.length)
  const withoutHead = ({ head, ...call }: TraceCall) =>
    head === undefined || (hasVaryingBytes && (call.bytes ?? 0) > SHORT_BYTES)
      ? call
      : { ...call, head }
  return {
    hidesTimes: true,
    trace: (trace) => ({
      ...trace,
      header: { ...trace.header, startedAt: new Date(0).toISOString() },
      // The clock ticks once a call: the order that it decides is then the same each time.
      calls: merged(trace.calls).map((call, at) => ({ ...withoutHead(call), at, blocked: 0 })),
    }),
    words: ({ details, range, ...words }) => {
      return { ...words, details: details.map(text), range: text(range) }
    },
    text,
    summary: (lines) =>
      lines
        .filter((line) => !/█|chunks|would block/.test(line))
        .map((line) => line.replace(SUMMED_TIME, inColumns('TIME')))
        .map((line) => line.replace(SUMMED_RECEIVES, inColumns('N')))
        .map((line) => text(hide(line, inColumns('N')))),
  }
}

/** Returns the calls with what was received in a row as one, and without would-blocks. */
function merged(calls: readonly TraceCall[]): TraceCall[] {
  const result: TraceCall[] = []
  for (const call of calls.filter(({ wouldBlock }) => wouldBlock === undefined)) {
    const last = result.at(-1)
    const isNext = last?.call === call.call && last.socket === call.socket
    if (last !== undefined && isNext && isChunk(last) && isChunk(call)) {
      result[result.length - 1] = { ...last, bytes: (last.bytes ?? 0) + (call.bytes ?? 0) }
    } else result.push(call)
  }
  return result
}

function isChunk({ call, bytes = 0 }: TraceCall): boolean {
  return isReceiving(call) && bytes > 0
}
