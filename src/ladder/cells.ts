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
  /** The call's short words say the same as the label, which may then be left out. */
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
    const text = columnsOf(words.text) <= room ? words.text : words.short
    return fill(lead + withPreview(cut(text, room), words.preview, room), columns)
  }
  // the full words beside a labelled arrow, or else short ones that say what the label would
  const attempts: [text: string, label: string][] = [[words.text, arrow.label]]
  if (arrow.label === '') attempts.push([words.short, ''])
  else if (arrow.isToldByWords) attempts.push([words.short, ''])
  for (const [text, label] of attempts) {
    const room = columns - lead.length - 1 - leastArrow(label)
    if (columnsOf(text) > room) continue
    const told = `${lead}${withPreview(text, words.preview, room)} `
    return told + arrowOf(columns - columnsOf(told), label, arrow.isToRight)
  }
  return undefined
}

/** The columns that a cell would like to have. */
export function wishOf({ words, arrow }: Cell, times: number): number {
  const preview = words?.preview ? columnsOf(words.preview) + 1 : 0
  const told = words === undefined ? 0 : times + 3 + columnsOf(words.text) + preview
  return told + (arrow === undefined ? 0 : leastArrow(arrow.label) + 2)
}

function withPreview(text: string, preview: string, room: number): string {
  const left = room - columnsOf(text) - 1
  if (preview === '' || left < Math.min(LEAST_PREVIEW, columnsOf(preview))) return text
  return `${text} ${cut(preview, left)}`
}
