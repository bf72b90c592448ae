// One line of strace's output, taken apart: which thread, when, and what it says happened.

/** A line of `strace -f -ttt -T`. */
export interface Line {
  readonly thread: number
  /** Microseconds since 1970: for a call the moment of its entry, also on the line of its return. */
  readonly atUs: number
  readonly event: Event
}

export type Event =
  /** A call has begun, and its line ends here: `recvfrom(3<TCP:[…]>,  <unfinished ...>`. */
  | { readonly kind: 'entry'; readonly name: string; readonly args: string }
  /** The rest of such a line: `<... recvfrom resumed>"\x61", 10, 0, NULL, NULL) = 1 <0.2>`. */
  | { readonly kind: 'resumed'; readonly name: string; readonly parts: Parts }
  /** A whole call. */
  | { readonly kind: 'call'; readonly name: string; readonly parts: Parts }
  /** The thread has ended with an exit code, or by a signal. */
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  /** The process has stopped, as by Ctrl-Z. */
  | { readonly kind: 'stopped'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'continued' }
  /** Another thread of the process has called execve, and goes on under this number. */
  | { readonly kind: 'superseded'; readonly by: number }

/** What is known of a call at its return. */
export interface Parts {
  /** The arguments, or the rest of them. */
  readonly args: string
  /** The returned number; undefined where the call never returned. */
  readonly result: number | undefined
  /** What strace adds to a returned descriptor: `TCP:[127.0.0.1:2000->127.0.0.1:40312]`. */
  readonly resultFile: string | undefined
  /** The code of the error: `EAGAIN`; also `ERESTARTSYS` and the like, which no program sees. */
  readonly error: string | undefined
  /** What strace says about the result, such as `([{fd=4, revents=POLLIN}])`. */
  readonly detail: string
  readonly tookUs: number
}

const US_PER_SECOND = 1_000_000

const HEADER = /^(\d+) +(\d+)\.(\d{6}) /
const NAME = /^\w+(?=\()/
const UNFINISHED = ' <unfinished ...>'
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/
/** Strings are in hex, so that no argument can look like the end of the arguments. */
const END_OF_ARGUMENTS = /\)\s+= /
const RESULT = /^(-?\d+|0x[0-9a-f]+|\?)(?:<(\S+)>)?(?= |$)(?: (E[A-Z0-9_]+))?(.*)$/
const TOOK = / <(\d+)\.(\d{6})>$/
const EXITED = /^\+\+\+ exited with (\d+) \+\+\+/
const KILLED = /^\+\+\+ killed by (SIG\w+)/
const SUPERSEDED = /^\+\+\+ superseded by execve in pid (\d+)/
const CONTINUED = '--- SIGCONT '
const STOPPED = /^--- stopped by (SIG\w+) ---/

/** Takes a line apart. Returns undefined for a line that tells nothing, or that nobody knows. */
export function parseLine(text: string): Line | undefined {
  const header = HEADER.exec(text)
  if (header === null) return undefined
  const event = eventOf(text.slice(header[0].length))
  if (event === undefined) return undefined
  const atUs = Number(header[2]) * US_PER_SECOND + Number(header[3])
  return { thread: Number(header[1]), atUs, event }
}

function eventOf(text: string): Event | undefined {
  if (text.startsWith('+++') || text.startsWith('---')) return eventOfProcess(text)
  const resumed = RESUMED.exec(text)
  if (resumed !== null) {
    const [, name = '', rest = ''] = resumed
    const parts = partsOf(rest)
    return parts && { kind: 'resumed', name, parts }
  }
  const name = NAME.exec(text)?.[0]
  if (name === undefined) return undefined
  const rest = text.slice(name.length + 1)
  const parts = partsOf(rest)
  if (parts !== undefined) return { kind: 'call', name, parts }
  const args = rest.endsWith(UNFINISHED) ? rest.slice(0, -UNFINISHED.length) : rest
  return { kind: 'entry', name, args }
}

function eventOfProcess(text: string): Event | undefined {
  const exited = EXITED.exec(text)
  if (exited !== null) return { kind: 'exited', code: Number(exited[1]) }
  const signal = KILLED.exec(text)?.[1]
  if (signal !== undefined) return { kind: 'killed', signal }
  const stop = STOPPED.exec(text)?.[1]
  if (stop !== undefined) return { kind: 'stopped', signal: stop as NodeJS.Signals }
  if (text.startsWith(CONTINUED)) return { kind: 'continued' }
  const by = SUPERSEDED.exec(text)?.[1]
  return by === undefined ? undefined : { kind: 'superseded', by: Number(by) }
}

/** The arguments and the result; undefined where the line ends before the result. */
function partsOf(text: string): Parts | undefined {
  const end = END_OF_ARGUMENTS.exec(text)
  if (end === null) return undefined
  const args = text.slice(0, end.index)
  let rest = text.slice(end.index + end[0].length)
  const took = TOOK.exec(rest)
  if (took !== null) rest = rest.slice(0, took.index)
  const result = RESULT.exec(rest)
  if (result === null) return undefined
  const [, number = '', resultFile, error, detail = ''] = result
  return {
    args,
    result: number === '?' ? undefined : Number(number),
    resultFile,
    error,
    detail,
    tookUs: took === null ? 0 : Number(took[1]) * US_PER_SECOND + Number(took[2]),
  }
}
