// Starts ours or the Python peer of a program, so that a test can mix both sides of the wire.
import { type RunningProcess, startPeer, startPynet } from '../support/processes.ts'

export type Side = 'ours' | 'peer'

/** Every pairing with a program of ours, as [server, client]. */
export const pairings: readonly (readonly [Side, Side])[] = [
  ['ours', 'ours'],
  ['ours', 'peer'],
  ['peer', 'ours'],
]

type Program =
  | 'echo-server'
  | 'echo-client'
  | 'wps-server'
  | 'wps-client'
  | 'str-server'
  | 'str-client'

/** Both take the same arguments; each gets a pipe that stays open as its keyboard. */
export function startSide(
  side: Side,
  program: Program,
  ...args: readonly (string | number)[]
): RunningProcess {
  if (side === 'ours') return startPynet(program, ...args, { stdin: 'pipe' })
  return startPeer(program.replace('-', '_'), ...args, { stdin: 'pipe' })
}
