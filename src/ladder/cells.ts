// One line of the diagram in a terminal: a lane's text and an arrow share the room between lanes.
import { columnsOf, cut, fill } from './columns.ts'
import { arrowOf, leastArrow } from './joints.ts'
import type { Words } from './words.ts'

/** A preview with less room than this says nothing. */
const LEAST_PREVIEW = 6

/** What stands in the room between a lane's line and the next one's. */
export interface Cell {
  words?: Words | undefined
  arrow?: CellArrow | undefined
}

export interface CellArrow {
  readonly label: string
  readonly isToRight: boolean
  /** The call's words say the same as the label, which may then be left out. */
  readonly isToldByWords: boolean
}

/**
 * The cell in exactly so many columns; undefined where words and arrow do not fit side by side.
 * Words alone always fit: they are cut.
 */
export function drawCell(
  { words, arrow }: Cell,
  columns: number,
  times: number,
): string | undefined {
  if (words === undefined) {
    if (arrow === undefined) return ' '.repeat(columns)
    const label = leastArrow(arrow.label) <= columns ? arrow.label : ''
    return arrowOf(columns, label, arrow.isToRight)
  }
  const lead = ` ${words.time.padStart(words.isSum ? 0 : times)} `
  if (arrow === undefined) {
    const room = columns - lead.length - 1
    const forms = [ranged(words), words.short]
    const text = forms.find((form) => columnsOf(form) <= room) ?? words.least
    return fill(lead + withPreview(cut(text, room), words.preview, room), columns)
  }
  for (const [text, label] of attempts(words, arrow)) {
    const room = columns - lead.length - 1 - leastArrow(label)
    if (columnsOf(text) > room) continue
    const told = `${lead}${withPreview(text, words.preview, room)} `
    return told + arrowOf(columns - columnsOf(told), label, arrow.isToRight)
  }
  return undefined
}

/** The full words beside a labelled arrow, or else shorter ones, and those that say the label. */
function attempts(words: Words, arrow: CellArrow): [text: string, label: string][] {
  const { label, isToldByWords } = arrow
  const isRangeTold = words.range === '' || words.range === label
  const full = isRangeTold ? [words.text] : [ranged(words), words.short]
  const telling = [words.text, words.short].filter((text) => text.includes(label))
  const bare = label === '' || isToldByWords ? [...telling, words.least] : []
  return [
    ...full.map((text): [string, string] => [text, label]),
    ...bare.map((text): [string, string] => [text, '']),
  ]
}

function ranged({ text, range }: Words): string {
  return range === '' ? text : `${text} ${range}`
}

/** The columns that a cell would like to have. */
export function wishOf({ words, arrow }: Cell, times: number): number {
  const preview = words?.preview ? columnsOf(words.preview) + 1 : 0
  const told = words === undefined ? 0 : times + 3 + columnsOf(ranged(words)) + preview
  return told + (arrow === undefined ? 0 : leastArrow(arrow.label) + 2)
}

function withPreview(text: string, preview: string, room: number): string {
  const left = room - columnsOf(text) - 1
  if (preview === '' || left < Math.min(LEAST_PREVIEW, columnsOf(preview))) return text
  return `${text} ${cut(preview, left)}`
}
