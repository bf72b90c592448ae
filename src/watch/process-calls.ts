// The calls by which processes and threads come to be, and by which a process runs another program.
import type { Handler } from './system-call.ts'

/** clone, clone3, fork and vfork: a thread shares the descriptors, a process has copies. */
const fork: Handler = {
  enter: () => ({}),
  leave(program, { thread, text }, { result = -1 }) {
    if (result > 0) program.fork(thread, result, text.includes('CLONE_FILES'))
  },
}

const execute: Handler = {
  enter: () => ({}),
  leave(program, { thread, enteredUs }, { result, error, returnedUs }) {
    if (program.records.pid === 0) program.startError = error
    if (result !== 0) return
    program.records.begin(thread, enteredUs)
    thread.descriptors = thread.descriptors.unshare()
    for (const file of thread.descriptors.exec()) {
      program.closed(thread, file, returnedUs, returnedUs)
    }
  },
}

export const FORKING_CALLS: readonly string[] = ['clone', 'clone3', 'fork', 'vfork']

export const PROCESS_CALLS: readonly [name: string, Handler][] = [
  ...FORKING_CALLS.map((name): [string, Handler] => [name, fork]),
  ['execve', execute],
  ['execveat', execute],
]
