// The calls that copy and close descriptors, and that set how a socket behaves.
import { descriptorOf, numberOf } from './arguments.ts'
import { onSocket } from './connection-calls.ts'
import type { OpenFile } from './open-files.ts'
import type { Program } from './program.ts'
import type { Entry, Handler, Return, SystemCall } from './system-call.ts'

/** The file of a descriptor, or undefined where nothing of TCP is behind it. */
function fileAt(program: Program, { thread, text }: SystemCall): OpenFile | undefined {
  const descriptor = descriptorOf(text)
  return program.socketAt(thread, descriptor) ?? thread.descriptors.get(descriptor?.number ?? -1)
}

/** From its entry on the number may be given to another file, by another thread. */
const close: Handler = {
  enter(program, call) {
    if (fileAt(program, call) === undefined) return undefined
    const closed = call.thread.descriptors.close(numberOf(call.args[0]) ?? -1)
    return closed?.kind === 'tcp' ? { call: 'close', socket: closed, closed } : {}
  },
  leave(program, { thread, enteredUs }, { returnedUs }, { closed }) {
    if (closed !== undefined) program.closed(thread, closed, enteredUs, returnedUs)
  },
}

const LAST_DESCRIPTOR = 2 ** 32 - 1

const closeRange: Handler = {
  enter: () => ({}),
  leave(program, { thread, args, enteredUs }, { result, returnedUs }) {
    if (result !== 0) return
    const [first, last, flags = ''] = args
    if (flags.includes('CLOSE_RANGE_UNSHARE')) thread.descriptors = thread.descriptors.unshare()
    const { descriptors } = thread
    for (const number of descriptors.within(
      numberOf(first) ?? 0,
      numberOf(last) ?? LAST_DESCRIPTOR,
    )) {
      if (flags.includes('CLOSE_RANGE_CLOEXEC')) descriptors.closeOnExec(number, true)
      else program.close(thread, number, enteredUs, returnedUs)
    }
  },
}

/** dup, dup2 and dup3. What the new descriptor stood for is closed, as by Java's own close. */
const duplicate: Handler = {
  enter(program, call) {
    const replaced = call.name === 'dup' ? -1 : (numberOf(call.args[1]) ?? -1)
    const isOfConcern = fileAt(program, call) !== undefined || call.thread.descriptors.has(replaced)
    return isOfConcern ? {} : undefined
  },
  leave(program, call, { result = -1, returnedUs }) {
    const { thread, args, enteredUs } = call
    if (result < 0 || result === numberOf(args[0])) return
    const file = fileAt(program, call)
    if (file === undefined) program.close(thread, result, enteredUs, returnedUs)
    else program.open(thread, result, file, args[2]?.includes('O_CLOEXEC') ?? false, returnedUs)
  },
}

const fcntl: Handler = {
  enter: (program, call) => (fileAt(program, call) === undefined ? undefined : {}),
  leave(program, call, end) {
    const { thread, args } = call
    const [descriptor, operation, value = ''] = args
    const { result = -1, returnedUs } = end
    if (result < 0) return
    const file = fileAt(program, call)
    if (operation?.startsWith('F_DUPFD') && file !== undefined) {
      program.open(thread, result, file, operation === 'F_DUPFD_CLOEXEC', returnedUs)
    } else if (operation === 'F_SETFD') {
      thread.descriptors.closeOnExec(numberOf(descriptor) ?? -1, value.includes('FD_CLOEXEC'))
    } else if (operation === 'F_SETFL') {
      setBlocking(program, call, end, value.includes('O_NONBLOCK'))
    }
  },
}

const ioctl: Handler = {
  enter: (program, call) => (fileAt(program, call) === undefined ? undefined : {}),
  leave(program, call, end) {
    const { thread, args } = call
    const [descriptor, request, value] = args
    if (end.result !== 0) return
    if (request === 'FIONBIO') setBlocking(program, call, end, value !== '[0]')
    if (request !== 'FIOCLEX' && request !== 'FIONCLEX') return
    thread.descriptors.closeOnExec(numberOf(descriptor) ?? -1, request === 'FIOCLEX')
  },
}

/** The tutorial calls it setblocking; it is worth a line when it changes something. */
function setBlocking(
  program: Program,
  call: SystemCall,
  { returnedUs }: Return,
  isNonblocking: boolean,
): void {
  const file = fileAt(program, call)
  if (file?.kind !== 'tcp' || file.isNonblocking === isNonblocking) return
  file.isNonblocking = isNonblocking
  const { thread, enteredUs } = call
  program.records.tell(thread, `setblocking(${isNonblocking ? 0 : 1})`, file, {
    enteredUs,
    returnedUs,
  })
}

/** The options that a beginner's program lives or dies by. */
const TOLD_OPTIONS: readonly (string | undefined)[] = ['SO_REUSEADDR', 'TCP_NODELAY']

const setsockopt: Handler = {
  enter: (program, call): Entry | undefined => onSocket(program, call),
  leave(program, { thread, args, enteredUs }, { error, returnedUs }, { socket }) {
    const [, , option, value = ''] = args
    if (socket === undefined || !TOLD_OPTIONS.includes(option)) return
    const name = `setsockopt(${option}, ${value.replace(/[[\]]/g, '')})`
    program.records.tell(thread, name, socket, { enteredUs, returnedUs, error })
  },
}

export const DESCRIPTOR_CALLS: readonly [name: string, Handler][] = [
  ['close', close],
  ['close_range', closeRange],
  ['dup', duplicate],
  ['dup2', duplicate],
  ['dup3', duplicate],
  ['fcntl', fcntl],
  ['fcntl64', fcntl],
  ['ioctl', ioctl],
  ['setsockopt', setsockopt],
]
