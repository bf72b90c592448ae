// How the program ended, where that is worth a line: its failure, or its death by a signal.
import { constants } from 'node:os'
import { formatAddress } from '../socket/index.ts'
import type { Ending } from './call-reader.ts'
import type { PendingCall } from './system-call.ts'

const EXIT_SIGNAL_BASE = 128

/** The exit code as a shell shows it. */
export function exitCodeOf({ code, signal }: Ending): number {
  if (code !== undefined) return code
  return EXIT_SIGNAL_BASE + (constants.signals[signal as NodeJS.Signals] ?? 0)
}

/** What is to be said of the end; undefined where all went well. */
export function reportOf(program: string, { code, signal, blockedIn }: Ending): string | undefined {
  if (code === 0) return undefined
  if (code !== undefined) return `${program} failed with exit code ${code}`
  const where = blockedIn === undefined ? '' : `, blocked in ${placeOf(blockedIn)}`
  return `${program} was killed by ${signal}${where}`
}

function placeOf({ entry: { call, socket } }: PendingCall): string {
  const address = socket?.remote ?? socket?.local
  const preposition = call === 'send' || call === 'connect' ? 'to' : 'from'
  if (call === undefined || address === undefined) return `${call}`
  return `${call} ${call === 'accept' ? 'on' : preposition} ${formatAddress(address)}`
}
