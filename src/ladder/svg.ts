// The ladder diagram as a picture that stands alone: text to select, no scripts, nothing from elsewhere.
import { chooseRows, type WholeLadder } from './build.ts'
import { accountLines, LEGEND, titleOf } from './notes.ts'
import { element, FONT_SIZE } from './svg-elements.ts'
import { drawPicture } from './svg-picture.ts'
import { darkStyle, type Theme, xmlOf } from './svg-themes.ts'

const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
/** What a title names; a crowd has too many lanes. */
const NAMED_LANES = 8

/** Returns the whole of the SVG file; `auto` follows the browser's preference, elsewhere it is light. */
export function svgLadder(
  whole: WholeLadder,
  { all, theme = 'light' }: { all?: boolean | undefined; theme?: Theme } = {},
): string {
  const ladder = chooseRows(whole, all)
  const foot = [...accountLines(ladder.connections), LEGEND]
  const { elements, width, height } = drawPicture(ladder, foot)
  const names = ladder.lanes.slice(0, NAMED_LANES).map((lane) => titleOf(lane).name)
  const more = ladder.lanes.length > NAMED_LANES ? ' and others' : ''
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': FONTS,
    'font-size': FONT_SIZE,
  }
  const svg = element('svg', undefined, attributes, [
    element('title', undefined, {}, `Ladder diagram of ${names.join(' and ')}${more}`),
    element('desc', undefined, {}, foot.join('\n')),
    ...(theme === 'auto' ? [element('style', undefined, {}, darkStyle())] : []),
    element('rect', 'paper', { width, height }),
    ...elements,
  ])
  return `${xmlOf(svg, theme)}\n`
}
