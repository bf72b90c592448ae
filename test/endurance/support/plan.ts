// What a hostile peer is going to do: a list of steps, drawn before the first of them is done.
import type { Random } from './random.ts'

export type Step =
  | { do: 'send'; bytes: Buffer }
  /** Sends byte by byte, each in a segment of its own as far as the operating system allows. */
  | { do: 'trickle'; bytes: Buffer }
  | { do: 'pause'; ms: number }
  /** Reads all that comes for so long, or to the end of data. */
  | { do: 'read'; ms: number }
  /** Reads a little, rests, reads a little. */
  | { do: 'read slowly'; ms: number }
  /** Half-closes: no more sending, but receiving goes on. */
  | { do: 'end' }
  /** Closes both directions; the operating system makes a reset of it where input was not read. */
  | { do: 'close' }
  /** RST, at once: close(2) with SO_LINGER at 0. */
  | { do: 'reset' }

const MAX_PAUSE_MS = 60
const MAX_STEPS = 8

/** What a peer sends, and how much of it at most. */
export type Payload = (random: Random) => Buffer

/** A peer that does anything at all. Never takes longer than about a second. */
export function drawPlan(random: Random, payload: Payload): Step[] {
  const style = random.pick(STYLES)
  return style(random, payload)
}

type Style = (random: Random, payload: Payload) => Step[]

const silent: Style = (random) => [{ do: 'pause', ms: random.integer(0, 300) }, leaving(random)]

const gone: Style = () => [{ do: 'reset' }]

const talking: Style = (random, payload) => {
  const steps: Step[] = []
  let hasEnded = false
  for (let left = random.integer(1, MAX_STEPS); left > 0; left--) {
    const kind = random.integer(1, 10)
    if (kind <= 4 && !hasEnded) steps.push({ do: 'send', bytes: payload(random) })
    else if (kind === 5 && !hasEnded) {
      steps.push({ do: 'trickle', bytes: payload(random).subarray(0, 20) })
    } else if (kind === 6 && !hasEnded) {
      steps.push({ do: 'end' })
      hasEnded = true
    } else if (kind <= 8) steps.push({ do: 'pause', ms: random.integer(0, MAX_PAUSE_MS) })
    else steps.push({ do: 'read', ms: random.integer(1, MAX_PAUSE_MS) })
  }
  return [...steps, leaving(random)]
}

const neverReading: Style = (random, payload) => [
  { do: 'send', bytes: payload(random) },
  ...(random.chance(0.3) ? [{ do: 'end' } as const] : []),
  { do: 'pause', ms: random.integer(50, 400) },
  leaving(random),
]

const slow: Style = (random, payload) => [
  { do: 'send', bytes: payload(random) },
  ...(random.chance(0.5) ? [{ do: 'end' } as const] : []),
  { do: 'read slowly', ms: random.integer(50, 500) },
  leaving(random),
]

const flood: Style = (random, payload) => [
  ...Array.from({ length: random.integer(10, 100) }, () => {
    return { do: 'send', bytes: payload(random) } as const
  }),
  { do: random.pick(['read', 'pause']), ms: random.integer(0, 200) },
  leaving(random),
]

const polite: Style = (random, payload) => [
  { do: 'send', bytes: payload(random) },
  { do: 'end' },
  { do: 'read', ms: 1000 },
  { do: 'close' },
]

const STYLES: readonly [Style, ...Style[]] = [
  silent,
  gone,
  talking,
  talking,
  talking,
  neverReading,
  slow,
  flood,
  polite,
]

function leaving(random: Random): Step {
  return { do: random.pick(['reset', 'reset', 'close']) }
}

/** A plan in words, for the report of a failure. */
export function describePlan(steps: readonly Step[]): string {
  return steps
    .map((step) => {
      if ('bytes' in step) return `${step.do} ${step.bytes.length} B`
      return 'ms' in step ? `${step.do} ${step.ms} ms` : step.do
    })
    .join(', ')
}
