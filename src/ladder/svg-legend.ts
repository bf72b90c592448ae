// The picture's legend: a sample of each kind of arrow, and of a bar, before what it stands for.
import { arrow, type Element, element, LINE, textBox, textWidth } from './svg-elements.ts'

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

/** Returns the legend from this point on, in one line, or more where `width` pixels need them. */
export function drawLegend(left: number, top: number, width: number) {
  const elements: Element[] = []
  let [x, y] = [left, top]
  for (const [kind, text] of ENTRIES) {
    const room = textWidth(text) + 2 * TEXT_MARGIN
    if (x > left && x + SAMPLE_WIDTH + room > left + width) [x, y] = [left, y + LINE]
    const frame = { x: x + SAMPLE_WIDTH, y, width: room, height: LINE }
    const label = textBox(frame, text, { box: 'bare', text: 'label' })
    elements.push(element('g', undefined, {}, sample(kind, x, y + LINE / 2)), label)
    x += SAMPLE_WIDTH + room + ENTRY_GAP
  }
  return { elements, bottom: y + LINE }
}

function sample(kind: (typeof ENTRIES)[number][0], x: number, y: number): Element[] {
  if (kind === 'blocked') {
    const place = { x, y: y - BAR_HEIGHT / 2, width: SAMPLE_WIDTH, height: BAR_HEIGHT }
    return [element('rect', 'blocked', place)]
  }
  const points = [
    { x, y },
    { x: x + SAMPLE_WIDTH, y },
  ]
  return arrow({ points, direction: 1 }, kind)
}
