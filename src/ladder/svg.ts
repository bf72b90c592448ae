// The ladder diagram as a picture that stands alone: light and dark, text to select, no scripts.
import { chooseRows, type WholeLadder } from './build.ts'
import { accountLines, LEGEND, titleOf } from './notes.ts'
import { element, STYLE } from './svg-elements.ts'
import { Picture } from './svg-picture.ts'

/** The whole of the SVG file. */
export function svgLadder(whole: WholeLadder, options: { all?: boolean | undefined } = {}): string {
  const ladder = chooseRows(whole, options)
  const foot = [...accountLines(ladder.connections), LEGEND]
  const picture = new Picture(ladder, foot)
  const names = ladder.lanes.map((lane) => titleOf(lane).name).join(' and ')
  const { width, height } = picture
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', width, height }
  const content = [
    element('title', {}, `Ladder diagram of ${names}`),
    element('desc', {}, foot.join('\n')),
    `<style>${STYLE}</style>`,
    element('rect', { class: 'paper', width, height }),
    ...picture.draw(),
  ].join('\n')
  const view = { ...attributes, viewBox: `0 0 ${width} ${height}`, role: 'img' }
  return `${element('svg', view, { xml: `\n${content}\n` })}\n`
}
