// Signals: those of the terminal are the program's, and those sent to us are passed on to it.
import { readFileSync } from 'node:fs'

/** A terminal sends these to the whole process group: the program decides what they mean. */
const THE_PROGRAMS_OWN = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN'] as const
/** These are for one process; whoever sends them to us means the program. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Passes on signals, from now on; returns the way to have them back. */
export function passOnSignals(processes: () => readonly number[]): {
  /** The program has started: it gets what has come until now. */
  started(): void
  stop(): void
} {
  const early: NodeJS.Signals[] = []
  let hasStarted = false
  const send = (signal: NodeJS.Signals) => {
    for (const pid of processes()) kill(pid, signal)
  }
  const ignore = () => {}
  const passOn = (signal: NodeJS.Signals) => {
    if (hasStarted) send(signal)
    else early.push(signal)
  }
  for (const signal of THE_PROGRAMS_OWN) process.on(signal, ignore)
  for (const signal of PASSED_ON) process.on(signal, passOn)
  return {
    started: () => {
      hasStarted = true
      for (const signal of early.splice(0)) send(signal)
    },
    stop: () => {
      for (const signal of THE_PROGRAMS_OWN) process.off(signal, ignore)
      for (const signal of PASSED_ON) process.off(signal, passOn)
    },
  }
}

/**
 * Stops with the program, so that the shell sees its job stopped, as by Ctrl-Z. A shell's fg or bg
 * continues the whole process group. By the time of the report the program may go on already.
 */
export function stopWith(pid: number): void {
  if (isStopped(pid)) process.kill(process.pid, 'SIGSTOP')
}

/** A traced process that has stopped is in state t, or T; see proc(5). */
function isStopped(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    return /^State:\s+T/im.test(status)
  } catch {
    return false
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
