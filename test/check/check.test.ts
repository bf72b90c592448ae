// Every planted fault is caught by the step that names it, and no good program is blamed.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { detailsOf, headOf } from '../../src/check/report.ts'
import { ROLES, type RoleName } from '../../src/check/roles.ts'
import { pynetPath } from '../support/processes.ts'
import { hasProgram, hasPython, python, reportMissing } from '../support/requirements.ts'
import {
  argumentsOf,
  checkRepeatedly,
  goodPrograms,
  readFaults,
  repeat,
  roleNames,
  roleOf,
  Workshop,
} from './programs.ts'

const group = 'check'
const goodTimeoutMs = 10_000
/** Of many faults one learns only when nothing has come for so long. */
const faultyTimeoutMs = 3000
const peersFolder = fileURLToPath(new URL('../interop/peers/', import.meta.url))
/** It does no more than the tutorial's own server does. */
const notStrict = 'echo_server.c'
const largest = 'sends a v of 100 kB whole'
const hasLargest = process.env.PYNET_CHECK_LARGEST === '1'
if (!hasLargest) reportMissing(`PYNET_CHECK_LARGEST=1, to send 5 GB for "${largest}",`, group)
/** The tutorial's own programs are none of ours to give away. */
const listings = process.env.PYNET_LISTINGS
if (listings === undefined) reportMissing('PYNET_LISTINGS, the folder of tms.py and so on,', group)
const python2 = process.env.PYNET_PYTHON2 ?? 'python2'
const originals: Record<RoleName, string> = {
  'echo-server': 'tms.py',
  'echo-client': 'tmc.py',
  'wps-server': 'svr.py',
  'wps-client': 'wps.py',
  'str-server': 'strsvr.py',
  'str-client': 'strclnt.py',
}
const hasTools = hasPython(group) && hasProgram('gcc', group)

vi.setConfig({ maxConcurrency: 8 })
const workshop = new Workshop()
afterAll(() => workshop.remove())

/** Checks a command, and expects that every step holds. */
async function expectGood(role: RoleName, isStrict: boolean, command: readonly string[]) {
  const steps = ROLES[role].steps.filter(({ name, strict }) => {
    return (isStrict || !strict) && (hasLargest || name !== largest)
  })
  const words = [...command, ...argumentsOf(role)]
  const results = await checkRepeatedly(steps, words, goodTimeoutMs)
  const complaints = results.filter(({ outcome }) => outcome.is !== 'held')
  expect(complaints.map((one) => [headOf(one), ...detailsOf(one, 80)].join('\n'))).toEqual([])
}

describe('no step blames', () => {
  it.concurrent.each(roleNames)(
    'our %s',
    async (role) => {
      const options = role === 'echo-server' ? ['--keep-open'] : []
      await expectGood(role, true, [process.execPath, pynetPath, role, ...options])
    },
    repeat * 60_000,
  )
})

describe.runIf(hasTools)('no step blames', () => {
  it.concurrent.each(goodPrograms)(
    '%s',
    async (program) => {
      const role = roleOf(program)
      await expectGood(role, program !== notStrict, workshop.commandOf(program))
    },
    repeat * 60_000,
  )

  it.concurrent.each(roleNames)(
    'the Python peer of %s, without --strict',
    async (role) => {
      const peer = join(peersFolder, `${role.replace('-', '_')}.py`)
      await expectGood(role, false, python(peer))
    },
    repeat * 60_000,
  )
})

describe.runIf(listings)('no step blames', () => {
  it.concurrent.each(roleNames)(
    "the tutorial's own %s, without --strict",
    async (role) => {
      await expectGood(role, false, [python2, join(listings ?? '', originals[role])])
    },
    repeat * 60_000,
  )
})

describe.runIf(hasTools)('there is caught', () => {
  it.concurrent.each(readFaults())(
    '$title: ✗ $step',
    async (fault) => {
      const steps = ROLES[roleOf(fault.program)].steps.filter(({ name }) => name === fault.step)
      expect(steps).toHaveLength(1)
      const words = [
        ...workshop.commandOf(fault.program, fault),
        ...argumentsOf(roleOf(fault.program)),
      ]
      const results = await checkRepeatedly(steps, words, faultyTimeoutMs)
      expect(results.map(({ outcome }) => outcome.is)).toEqual(Array(repeat).fill('failed'))
    },
    repeat * 30_000,
  )
})
