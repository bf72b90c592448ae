// The roles that a program can be checked against: those of the tutorial's six programs.
import { echoClient } from './echo-client.ts'
import { echoServer } from './echo-server.ts'
import type { Step } from './step.ts'
import { strClient } from './str-client.ts'
import { strServer } from './str-server.ts'
import { wpsClient } from './wps-client.ts'
import { wpsServer } from './wps-server.ts'

/** What a program is to do, in one line, and the steps that show whether it does. */
export interface Role {
  readonly summary: string
  readonly steps: readonly Step[]
}

export const ROLES = {
  'echo-server': { summary: 'send a string back in many copies', steps: echoServer },
  'echo-client': { summary: 'send a string and read all that comes back', steps: echoClient },
  'wps-server': { summary: 'run w or ps for one client after another', steps: wpsServer },
  'wps-client': { summary: 'ask for w or ps and print the answer', steps: wpsClient },
  'str-server': { summary: 'append letters from two clients to one string', steps: strServer },
  'str-client': { summary: 'send letters and print the replies', steps: strClient },
} satisfies Record<string, Role>

export type RoleName = keyof typeof ROLES
