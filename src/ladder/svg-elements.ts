// The elements of the picture: text in a box that it never leaves, and the colours of both themes.
import { columnsOf, cut } from './columns.ts'

const FONT_SIZE = 12
/** A letter of a monospaced font is so wide. */
const EM_WIDTH = 0.6
const PADDING = 6
export const LINE = 18
export const TIP_LENGTH = 8
const TIP_WIDTH = 4

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

/** The width of a text in pixels, as far as it can be known without the reader's font. */
export function textWidth(text: string): number {
  return columnsOf(text) * EM_WIDTH * FONT_SIZE
}

/** The letters that every monospaced font has, and that are as wide as one another. */
const PLAIN = /^[ -~]*$/

/**
 * Text in its box; what has no room is cut. How wide other scripts come out only the reader's
 * fonts know: such text is told how wide to be, and is stretched or squeezed to that.
 */
export function box(
  { x, y, width, height }: Frame,
  text: string,
  names: { box: string; text: string },
  anchor: 'start' | 'middle' = 'start',
): string {
  const padding = anchor === 'middle' ? 2 : PADDING
  const letters = Math.floor((width - 2 * padding) / textWidth('a'))
  const place = { x: anchor === 'middle' ? x + width / 2 : x + padding, y: y + height / 2 }
  const shown = cut(text, letters)
  const length = { textLength: rounded(textWidth(shown)), lengthAdjust: 'spacingAndGlyphs' }
  const adjusted = PLAIN.test(shown) ? {} : length
  return element(
    'g',
    {},
    {
      xml: [
        element('rect', { class: names.box, x, y, width, height, rx: 4 }),
        element(
          'text',
          { class: names.text, ...place, 'text-anchor': anchor, dy: '0.35em', ...adjusted },
          shown,
        ),
      ].join(''),
    },
  )
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10
}

/** An arrow, of the colour of its kind: from point to point, and level at the end. */
export function shaft(
  { points, direction }: { points: readonly Point[]; direction: number },
  kind: string,
): string {
  const { x, y } = points.at(-1) as Point
  const back = x - direction * TIP_LENGTH
  const tip = `${x},${y} ${back},${y - TIP_WIDTH} ${back},${y + TIP_WIDTH}`
  const way = [...points.slice(0, -1), { x: back, y }].map((point) => `${point.x},${point.y}`)
  return [
    element('polyline', { class: `arrow ${kind}`, points: way.join(' ') }),
    element('polygon', { class: `tip ${kind}`, points: tip }),
  ].join('')
}

/** An element with its attributes; text is escaped, `xml` is not. */
export function element(
  name: string,
  attributes: Record<string, string | number>,
  content?: string | { xml: string },
): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(String(value))}"`,
  )
  const open = `<${name}${list.join('')}`
  if (content === undefined) return `${open}/>`
  return `${open}>${typeof content === 'string' ? escaped(content) : content.xml}</${name}>`
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Characters that XML does not allow never come here: they have been made visible. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
}

const LIGHT =
  '--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#8c959f;--box:#f6f8fa;--edge:#d1d9e0;--head:#ddf4ff;--data:#0969da;--open:#1a7f37;--end:#8250df;--blocked:#fb8f44;--failed:#cf222e'
const DARK =
  '--paper:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--line:#656c76;--box:#151b23;--edge:#3d444d;--head:#0c2d6b;--data:#58a6ff;--open:#3fb950;--end:#bc8cff;--blocked:#db6d28;--failed:#ff7b72'

export const STYLE = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--ink);white-space:pre}
.paper,.label-box{fill:var(--paper)}
.bare{fill:none}
.head{fill:var(--head);stroke:var(--edge)}
.name{font-weight:bold}
.label{fill:var(--soft)}
.failed-text{fill:var(--failed)}
.call{fill:var(--box);stroke:var(--edge)}
.call.sum{stroke-dasharray:4 3}
.call.failed{stroke:var(--failed)}
.lane{stroke:var(--line);stroke-width:1.5}
.lane.unknown{stroke-dasharray:3 5}
.blocked{fill:var(--blocked)}
.arrow{stroke-width:1.5;fill:none}
.arrow.data{stroke:var(--data)}.tip.data{fill:var(--data)}
.arrow.open{stroke:var(--open)}.tip.open{fill:var(--open)}
.arrow.end{stroke:var(--end);stroke-dasharray:6 3}.tip.end{fill:var(--end)}
`
