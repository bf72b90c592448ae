// strace, which does the tracing: its options, whether it can do its work here, and its start.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { WatchError } from './errors.ts'
import { wasStartedByNohup } from './hangup.ts'

/** The calls of TCP sockets, and those that copy, close and hand on their descriptors. */
const SYSTEM_CALLS =
  '%network,read,write,readv,writev,preadv2,pwritev2,close,?close_range,' +
  '?poll,ppoll,?select,pselect6,?epoll_wait,epoll_pwait,?epoll_pwait2,epoll_ctl,' +
  'dup,?dup2,dup3,fcntl,ioctl,sendfile,splice,execve,execveat,clone,?clone3,?fork,?vfork'

/**
 * Follows every process and thread; blocks no key of the terminal (-I 4); strings in hex, 32 bytes
 * of them, the moment of each entry and the time to its return; stops the program at these calls
 * only (--seccomp-bpf). A call with a question mark is not there on every processor.
 */
const OPTIONS = [
  ...['-f', '-q', '-I', '4', '-xx', '-ttt', '-T', '-s', '32'],
  ...['--decode-fds=socket', '--seccomp-bpf', '-e', `trace=${SYSTEM_CALLS}`],
]

const PROBE_TIMEOUT_MS = 10_000
const RELAY = 'pynet relay shows the wire instead'

/** Throws WatchError if nothing can be traced here; it says what to do. */
export function probe(): void {
  if (process.platform !== 'linux') {
    throw new WatchError(`watch needs strace, which is for Linux only: ${RELAY}`)
  }
  const { error, status, signal, stderr } = spawnSync(
    'strace',
    [...OPTIONS, '-o', '/dev/null', '--', 'strace', '-V'],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: PROBE_TIMEOUT_MS },
  )
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    throw new WatchError(`strace is missing: apt install strace, or ${RELAY}`)
  }
  if (error === undefined && status === 0) return
  const lines = stderr.trim().split('\n')
  if (lines.some((line) => /unrecognized option|invalid/i.test(line))) {
    throw new WatchError(
      `this strace is too old, version 5.6 will do: apt install strace, or ${RELAY}`,
    )
  }
  const refusal = lines.find((line) => /ptrace/i.test(line)) ?? lines[0] ?? ''
  const reason = refusal || (error?.message ?? `strace ended by ${signal}`)
  throw new WatchError(
    `this system forbids tracing (${reason}): a container needs --cap-add=SYS_PTRACE, ` +
      `another tracer must go; or ${RELAY}`,
  )
}

/** Starts the command under strace, which writes to `output`; stdio and process group are ours. */
export function startStrace(words: readonly string[], output: string): ChildProcess {
  const strace = ['strace', ...OPTIONS, '-o', output, '--', ...words]
  const [command = '', ...args] = wasStartedByNohup()
    ? ['env', '--ignore-signal=HUP', ...strace]
    : strace
  return spawn(command, args, { stdio: 'inherit' })
}
