// The room between a lane's line and the next one's: a row's words and an arrow share it.
import { columnsOf, cut, fill } from './columns.ts'
import type { Arrow } from './ladder.ts'
import type { Words } from './words.ts'

/** Many bytes with less room than this say nothing; few are never cut. */
const LEAST_PREVIEW = 9

export interface Cell {
  readonly words?: Words | undefined
  readonly arrow?: CellArrow | undefined
}

export interface CellArrow {
  readonly kind: Arrow['kind']
  readonly label: string
  readonly isToRight: boolean
}

/** Which parts of the words are shown, and how well that tells what happened. */
interface Choice {
  readonly text: string
  readonly label: string
  readonly hasPreview: boolean
  readonly value: number
}

/** A few bytes are worth more than their range, that more than their number. */
const VALUES = { fewBytes: 16, range: 8, detail: 2, label: 1, preview: 1 }

/**
 * Returns the cell in exactly so many columns; undefined where words and arrow do not fit side by
 * side. Words alone always fit: they are cut. Times take `timeColumns`.
 */
export function drawCell(
  { words, arrow }: Cell,
  columns: number,
  timeColumns: number,
): string | undefined {
  if (words === undefined) {
    if (arrow === undefined) return ' '.repeat(columns)
    return drawArrow(arrow, columns, leastArrow(arrow.label) <= columns)
  }
  const lead = ` ${words.time.padStart(words.isSum ? 0 : timeColumns)} `
  const room = columns - lead.length - 1
  const choice = choose(words, arrow, room)
  if (arrow === undefined) {
    // Rather than cut the words, leave no space behind them.
    const wide = choice === undefined ? room + 1 : room
    const { text, hasPreview } = choice ?? choose(words, arrow, wide) ?? leastOf(words, room)
    return fill(lead + (hasPreview ? withPreview(text, words, wide) : text), columns)
  }
  if (choice === undefined) return undefined
  const { text, label, hasPreview } = choice
  const textRoom = room - leastArrow(label)
  const told = `${lead}${hasPreview ? withPreview(text, words, textRoom) : text} `
  return told + drawArrow({ ...arrow, label }, columns - columnsOf(told), true)
}

/** Returns the best that fits in `room`. */
function choose(words: Words, arrow: CellArrow | undefined, room: number): Choice | undefined {
  let best: Choice | undefined
  for (const choice of choices(words, arrow)) {
    if (best !== undefined && choice.value <= best.value) continue
    const preview = columnsOf(words.preview) + 1
    const arrowColumns = arrow === undefined ? 0 : leastArrow(choice.label)
    const least = choice.hasPreview ? Math.min(preview, words.areFew ? preview : LEAST_PREVIEW) : 0
    const needed = columnsOf(choice.text) + least + arrowColumns
    if (needed <= room) best = choice
  }
  return best
}

/** The parts in every combination that still says what the arrow brings. */
function* choices(words: Words, arrow: CellArrow | undefined): Generator<Choice> {
  const { name, details, preview, areFew } = words
  // Beside an arrow in another cell a receive need not say which bytes it got.
  const range = words.isSend || arrow !== undefined ? words.range : ''
  const canTellLabel = !words.isSum && (arrow?.kind !== 'data' || words.range === arrow.label)
  for (const [index, detail] of details.entries()) {
    for (const label of new Set([arrow?.label ?? '', ''])) {
      for (const hasRange of range === '' ? [false] : [false, true]) {
        for (const hasPreview of preview === '' ? [false] : [true, false]) {
          const isRangeTold = hasRange || (range !== '' && label === range)
          const areBytesTold = isRangeTold || (hasPreview && areFew)
          const isArrowTold =
            label === (arrow?.label ?? '') || (canTellLabel && (range === '' || areBytesTold))
          if (!isArrowTold) continue
          const text = [name, detail, hasRange ? range : ''].filter((part) => part !== '').join(' ')
          const value =
            (hasPreview ? (areFew ? VALUES.fewBytes : VALUES.preview) : 0) +
            (isRangeTold ? VALUES.range : 0) +
            VALUES.detail * (details.length - 1 - index) +
            (label === '' ? 0 : VALUES.label)
          yield { text, label, hasPreview, value }
        }
      }
    }
  }
}

function leastOf({ name, details, least }: Words, room: number): Choice {
  const text = cut(least === '' ? `${name} ${details.at(-1)}`.trim() : least, room)
  return { text, label: '', hasPreview: false, value: 0 }
}

/** Returns the text and as much of the bytes as there is room for, in quotes. */
function withPreview(text: string, { preview }: Words, room: number): string {
  const left = room - columnsOf(text) - 1
  const isCut = columnsOf(preview) > left
  return `${text} ${isCut ? `${cut(preview.slice(0, -1), left - 1)}"` : preview}`
}

/** An arrow of exactly so many columns, with its label in the middle. */
function drawArrow({ label, isToRight }: CellArrow, columns: number, hasLabel: boolean): string {
  const shown = hasLabel ? label : ''
  const dashes = columns - 1 - shown.length
  const before = '─'.repeat(Math.floor(dashes / 2))
  const line = `${before}${shown}${'─'.repeat(dashes - before.length)}`
  return isToRight ? `${line}►` : `◄${line}`
}

/** The fewest columns in which an arrow is one. */
function leastArrow(label: string): number {
  return label.length + (label === '' ? 3 : 4)
}
