// The elements of the picture: text in a box that it never leaves, arrows, and what each looks like.
import { columnsOf, cut } from './columns.ts'

export const FONT_SIZE = 12
export const LINE = 18
export const TIP_LENGTH = 8
const TIP_WIDTH = 4
const PADDING = 6
/** A letter of a monospaced font is so wide, and its middle so high above its foot. */
const EM_WIDTH = 0.6
const EM_MIDDLE = 0.35

export interface Frame {
  x: number
  y: number
  width: number
  height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

type Attributes = Record<string, string | number>

/** An element of the picture; its colours are names of a theme's. */
export interface Element {
  readonly name: string
  readonly attributes: Attributes
  readonly content?: string | readonly Element[] | undefined
}

/**
 * What everything looks like, as attributes of the elements themselves: many programs that show
 * pictures know no style sheets.
 */
const LOOKS = {
  paper: { fill: 'paper' },
  bare: { fill: 'none' },
  'label-box': { fill: 'paper' },
  head: { fill: 'head', stroke: 'edge' },
  call: { fill: 'box', stroke: 'edge' },
  'call sum': { fill: 'box', stroke: 'edge', 'stroke-dasharray': '4 3' },
  'call failed': { fill: 'box', stroke: 'failed' },
  text: { fill: 'ink' },
  name: { fill: 'ink', 'font-weight': 'bold' },
  label: { fill: 'soft' },
  'failed-text': { fill: 'failed' },
  lane: { stroke: 'line', 'stroke-width': 1.5 },
  'lane unknown': { stroke: 'line', 'stroke-width': 1.5, 'stroke-dasharray': '3 5' },
  blocked: { fill: 'blocked' },
  'arrow open': { fill: 'none', stroke: 'open', 'stroke-width': 1.5 },
  'arrow data': { fill: 'none', stroke: 'data', 'stroke-width': 1.5 },
  'arrow end': { fill: 'none', stroke: 'end', 'stroke-width': 1.5, 'stroke-dasharray': '6 3' },
  'tip open': { fill: 'open' },
  'tip data': { fill: 'data' },
  'tip end': { fill: 'end' },
} satisfies Record<string, Attributes>

export type Look = keyof typeof LOOKS

/** Returns an element; `look` says how it is painted, and is its class. */
export function element(
  name: string,
  look: Look | undefined,
  attributes: Attributes,
  content?: Element['content'],
): Element {
  const painted = look === undefined ? attributes : { class: look, ...LOOKS[look], ...attributes }
  return { name, attributes: painted, content }
}

/** Returns the width of a text in pixels, as far as it can be known without the reader's font. */
export function textWidth(text: string): number {
  return columnsOf(text) * EM_WIDTH * FONT_SIZE
}

/** The letters that every monospaced font has, and that are as wide as one another. */
const PLAIN = /^[ -~]*$/

/**
 * Returns text in its box; what has no room is cut. How wide other scripts come out only the
 * reader's fonts know: such text is told how wide to be, and is stretched or squeezed to that.
 */
export function textBox(
  { x, y, width, height }: Frame,
  text: string,
  looks: { box: Look; text: Look },
  anchor: 'start' | 'middle' = 'start',
): Element {
  const padding = anchor === 'middle' ? 2 : PADDING
  const shown = cut(text, Math.floor((width - 2 * padding) / textWidth('a')))
  const length = { textLength: rounded(textWidth(shown)), lengthAdjust: 'spacingAndGlyphs' }
  const attributes = {
    x: anchor === 'middle' ? x + width / 2 : x + padding,
    y: rounded(y + height / 2 + EM_MIDDLE * FONT_SIZE),
    'text-anchor': anchor,
    'xml:space': 'preserve',
    ...(PLAIN.test(shown) ? {} : length),
  }
  return element('g', undefined, {}, [
    element('rect', looks.box, { x, y, width, height, rx: 4 }),
    element('text', looks.text, attributes, shown),
  ])
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10
}

/** Returns an arrow in the colour of its kind: from point to point, and level at the end. */
export function arrow(
  { points, direction }: { points: readonly Point[]; direction: number },
  kind: 'open' | 'data' | 'end',
): Element[] {
  const { x, y } = points.at(-1) as Point
  const back = x - direction * TIP_LENGTH
  const tip = `${x},${y} ${back},${y - TIP_WIDTH} ${back},${y + TIP_WIDTH}`
  const way = [...points.slice(0, -1), { x: back, y }].map((point) => `${point.x},${point.y}`)
  return [
    element('polyline', `arrow ${kind}`, { points: way.join(' ') }),
    element('polygon', `tip ${kind}`, { points: tip }),
  ]
}
