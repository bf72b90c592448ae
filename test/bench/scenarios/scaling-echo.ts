// Scaling: the seconds that an echo takes must not grow faster than its gigabytes.
import { interleave, type Row, type Scenario } from '../support/compare.ts'
import { BULK_STRING_BYTES, runEcho } from '../support/echo.ts'
import { median, short } from '../support/statistics.ts'

const GIGABYTES = [0.1, 1, 6]

export const scalingEcho: Scenario = {
  name: 'scaling-echo',
  async run({ runs, quick }) {
    const sizes = GIGABYTES.map((gigabytes) => (quick ? gigabytes / 10 : gigabytes))
    const sides = sizes.map((gigabytes) => ({
      name: `${gigabytes} GB`,
      measure: async () =>
        (await runEcho(BULK_STRING_BYTES, Math.round((gigabytes * 1e9) / BULK_STRING_BYTES)))
          .seconds,
    }))
    const seconds = await interleave('scaling, echo', 's', runs, sides)
    const rows = [...seconds].map(
      ([name, values]): Row => ({
        what: `scaling: echo of ${name}`,
        ours: `${short(median(values))} s`,
        peer: '',
        ratio: '',
        goal: '',
      }),
    )
    return { rows }
  },
}
