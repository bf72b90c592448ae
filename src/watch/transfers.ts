// What a call that sends or receives has moved: how many bytes, the first of them, how many it had.
import { HEAD_BYTES } from '../calls.ts'
import { hexOf, numberOf } from './arguments.ts'

/** Where a call has its bytes. */
type Shape =
  /** `write(3, "\x61", 1)`: the bytes, and their number, which for a call that receives is its limit. */
  | 'buffer'
  /** `writev(3, [{iov_base="\x61", iov_len=1}], 1)`, and the same within the message of sendmsg. */
  | 'vector'
  /** `sendmmsg(3, [{msg_hdr={…}, msg_len=5}, …], 2, 0) = 2`: the result counts messages. */
  | 'messages'
  /** Between two descriptors within the system: strace does not see the bytes. */
  | 'unseen'

export interface TransferCall {
  readonly call: 'send' | 'recv'
  readonly shape: Shape
  /** Which argument is the socket. */
  readonly socket: number
  /** Which argument has flags such as MSG_PEEK. */
  readonly flags?: number
}

/** The system calls that move bytes of a socket, under the tutorial's two names. */
export const TRANSFER_CALLS: ReadonlyMap<string, readonly TransferCall[]> = new Map([
  ['write', [{ call: 'send', shape: 'buffer', socket: 0 }]],
  ['sendto', [{ call: 'send', shape: 'buffer', socket: 0, flags: 3 }]],
  ['send', [{ call: 'send', shape: 'buffer', socket: 0, flags: 3 }]],
  ['writev', [{ call: 'send', shape: 'vector', socket: 0 }]],
  ['pwritev2', [{ call: 'send', shape: 'vector', socket: 0 }]],
  ['sendmsg', [{ call: 'send', shape: 'vector', socket: 0, flags: 2 }]],
  ['sendmmsg', [{ call: 'send', shape: 'messages', socket: 0, flags: 3 }]],
  ['sendfile', [{ call: 'send', shape: 'unseen', socket: 0 }]],
  ['sendfile64', [{ call: 'send', shape: 'unseen', socket: 0 }]],
  ['read', [{ call: 'recv', shape: 'buffer', socket: 0 }]],
  ['recvfrom', [{ call: 'recv', shape: 'buffer', socket: 0, flags: 3 }]],
  ['recv', [{ call: 'recv', shape: 'buffer', socket: 0, flags: 3 }]],
  ['readv', [{ call: 'recv', shape: 'vector', socket: 0 }]],
  ['preadv2', [{ call: 'recv', shape: 'vector', socket: 0 }]],
  ['recvmsg', [{ call: 'recv', shape: 'vector', socket: 0, flags: 2 }]],
  ['recvmmsg', [{ call: 'recv', shape: 'messages', socket: 0, flags: 3 }]],
  // One of the two may be a socket: the pipe is the other.
  [
    'splice',
    [
      { call: 'recv', shape: 'unseen', socket: 0 },
      { call: 'send', shape: 'unseen', socket: 2 },
    ],
  ],
])

/** What a call moved. */
export interface Moved {
  readonly bytes: number
  /** The first of them as hex, HEAD_BYTES at most; undefined where strace does not see them. */
  readonly head: string | undefined
}

const HEX_PER_BYTE = 2
const PIECE = /iov_base=("[^"]*")(\.\.\.)?, iov_len=(\d+)/g
const MESSAGE = /msg_len=(\d+)/g

/** What the call with these arguments and this result moved. */
export function moved(shape: Shape, args: readonly string[], result: number): Moved {
  const bytes = shape === 'messages' ? lengthOfMessages(args[1], result) : result
  const head = shape === 'unseen' ? undefined : headOf(shape, args[1])
  return { bytes, head: head?.slice(0, HEX_PER_BYTE * Math.min(bytes, HEAD_BYTES)) || undefined }
}

/** How many bytes the call was given, or had room for; undefined where that can't be known. */
export function asked(shape: Shape, args: readonly string[]): number | undefined {
  if (shape === 'unseen') return undefined
  if (shape === 'buffer') return numberOf(args[2])
  const pieces = [...(args[1] ?? '').matchAll(PIECE)]
  return pieces.length === 0 ? undefined : sum(pieces.map(([, , , length]) => Number(length)))
}

function lengthOfMessages(messages = '', count: number): number {
  const lengths = [...messages.matchAll(MESSAGE)].map(([, length]) => Number(length))
  return sum(lengths.slice(0, count))
}

/** Of several pieces, what stands behind one that is cut short is not the next of the stream. */
function headOf(shape: Shape, arg = ''): string {
  if (shape === 'buffer') return hexOf(arg) ?? ''
  let head = ''
  for (const [, base, ellipsis] of arg.matchAll(PIECE)) {
    head += hexOf(base) ?? ''
    if (ellipsis !== undefined || head.length >= HEX_PER_BYTE * HEAD_BYTES) break
  }
  return head
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/**
 * The flags that make a call one of its own: what MSG_PEEK sees stays in the stream, MSG_OOB and
 * MSG_ERRQUEUE bring what is not part of it. Returns undefined where there is none of these.
 */
export function besidesTheStream(flags: string | undefined): string | undefined {
  return /MSG_(?:PEEK|OOB|ERRQUEUE)/.exec(flags ?? '')?.[0]
}
