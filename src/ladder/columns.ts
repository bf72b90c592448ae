// How wide text is in a terminal, and text cut to a width.
import stringWidth from 'string-width'

/** What most texts are made of; each takes one column, and asking for it takes long. */
const NARROW = /^[ -~×…→−⋮►◄\u2500-\u257f]*$/
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Returns how many columns a text takes; East Asian letters and emoji take two each. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text)
}

/** Returns the text where it fits, else its beginning and `…`; '' where not even that has room. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let kept = ''
  let used = 1
  for (const { segment } of characters.segment(text)) {
    used += columnsOf(segment)
    if (used > columns) break
    kept += segment
  }
  return columns > 0 ? `${kept}…` : ''
}

/** Returns the text, filled up with spaces. */
export function fill(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Returns the text in lines of so many columns, broken at spaces; all but the first are indented. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    const joined = line === undefined ? word : `${line} ${word}`
    if (columnsOf(joined) <= columns) lines[Math.max(0, lines.length - 1)] = joined
    else lines.push(line === undefined ? word : `  ${word}`)
  }
  return lines
}
