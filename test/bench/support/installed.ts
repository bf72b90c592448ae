// What the machine has of the peers that npm doesn't install.
import { spawnSync } from 'node:child_process'

function runs(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}

export const hasPython = runs('python3')
export const hasIperf = runs('iperf3')
