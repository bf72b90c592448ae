// Signals: those of the terminal are the program's, and those sent to us are passed on to it.
import { readFileSync } from 'node:fs'

/** A terminal sends these to the whole process group: the program decides what they mean. */
const THE_PROGRAMS_OWN = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN'] as const
/** These are for one process; whoever sends them to us means the program. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Whoever stops a program for a shorter time (a script, a debugger) does not mean the job. */
const STOP_DELAY_MS = 20

export interface Signals {
  /** The program has started: it gets what has come until now. */
  started(): void
  /** The program has stopped by this signal. */
  stopped(pid: number, signal: NodeJS.Signals): void
  /** It goes on. */
  continued(): void
  /** Signals have their own effect on us again. */
  end(): void
}

/** Takes care of signals from now on. `processes` are those that get what is sent to us. */
export function takeSignals(processes: () => readonly number[]): Signals {
  const early: NodeJS.Signals[] = []
  let hasStarted = false
  let stopTimer: NodeJS.Timeout | undefined
  /** Lets a signal have its own effect on us, once. */
  const obey = (signal: NodeJS.Signals) => {
    const take = process.listeners(signal)[0]
    process.removeAllListeners(signal)
    send(process.pid, signal)
    if (take !== undefined) process.on(signal, take)
  }
  const sendAll = (signal: NodeJS.Signals) => {
    const reached = processes().filter((pid) => send(pid, signal))
    // All have ended: only a reader of our lines who does not read can still keep us.
    if (reached.length === 0) obey(signal)
  }
  const passOn = (signal: NodeJS.Signals) => {
    if (!hasStarted) early.push(signal)
    else sendAll(signal)
  }
  const ignore = () => {}
  for (const signal of THE_PROGRAMS_OWN) process.on(signal, ignore)
  for (const signal of PASSED_ON) process.on(signal, passOn)
  return {
    started() {
      hasStarted = true
      for (const signal of early.splice(0)) sendAll(signal)
    },
    stopped(pid, signal) {
      clearTimeout(stopTimer)
      // We stop by the same signal, so that the shell sees its job stopped as it would without us.
      // Its fg and bg continue the whole process group: the program, and us.
      stopTimer = setTimeout(() => isStopped(pid) && obey(signal), STOP_DELAY_MS)
    },
    continued: () => clearTimeout(stopTimer),
    end() {
      for (const signal of THE_PROGRAMS_OWN) process.off(signal, ignore)
      for (const signal of PASSED_ON) process.off(signal, passOn)
      clearTimeout(stopTimer)
    },
  }
}

/** A traced process that has stopped is in state t, or T; see proc(5). */
function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/im.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** Returns whether there was such a process. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
