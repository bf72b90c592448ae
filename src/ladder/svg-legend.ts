// The picture's legend: a sample of each kind of arrow, and of a bar, before what it stands for.
import { box, element, LINE, shaft, textWidth } from './svg-elements.ts'

const ENTRIES = [
  ['open', 'connection'],
  ['data', 'bytes'],
  ['end', 'end of data'],
  ['blocked', 'blocked in a call'],
] as const

const SAMPLE_WIDTH = 32
const BAR_HEIGHT = 10
const TEXT_MARGIN = 8
const ENTRY_GAP = 24

export class Legend {
  readonly #entries: { kind: string; text: string; x: number; line: number; textWidth: number }[]
  readonly height: number

  /** In one line, or more where they need more than `width` pixels. */
  constructor(width: number) {
    let [x, line] = [0, 0]
    this.#entries = ENTRIES.map(([kind, text]) => {
      const room = textWidth(text) + 2 * TEXT_MARGIN
      if (x > 0 && x + SAMPLE_WIDTH + room > width) [x, line] = [0, line + 1]
      const entry = { kind, text, x, line, textWidth: room }
      x += SAMPLE_WIDTH + room + ENTRY_GAP
      return entry
    })
    this.height = (line + 1) * LINE
  }

  draw(left: number, top: number): string[] {
    return this.#entries.flatMap((entry) => {
      const { kind, text } = entry
      const [x, y] = [left + entry.x, top + entry.line * LINE]
      const frame = { x: x + SAMPLE_WIDTH, y, width: entry.textWidth, height: LINE }
      return [sample(kind, x, y + LINE / 2), box(frame, text, { box: 'bare', text: 'label' })]
    })
  }
}

function sample(kind: string, x: number, y: number): string {
  const name = `${kind} sample`
  if (kind === 'blocked') {
    const place = { x, y: y - BAR_HEIGHT / 2, width: SAMPLE_WIDTH, height: BAR_HEIGHT }
    return element('rect', { class: name, ...place })
  }
  const points = [
    { x, y },
    { x: x + SAMPLE_WIDTH, y },
  ]
  return shaft({ points, direction: 1 }, name)
}
