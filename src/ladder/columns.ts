// How wide text is in a terminal, and text cut to a width.

/** Scripts of East Asia, and pictures: two columns each (Unicode, UAX #11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const WIDTHLESS = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** The columns that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += columnsOfCharacter(character)
  return columns
}

function columnsOfCharacter(character: string): number {
  if (character >= ' ' && character <= '~') return 1
  if (WIDTHLESS.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The text where it fits, else its beginning and `…`; empty where not even that has room. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let kept = ''
  let used = 1
  for (const character of text) {
    used += columnsOfCharacter(character)
    if (used > columns) break
    kept += character
  }
  return columns > 0 ? `${kept}…` : ''
}

/** The text, filled up with `filler` on its right. */
export function fill(text: string, columns: number, filler = ' '): string {
  return text + filler.repeat(Math.max(0, columns - columnsOf(text)))
}

/** The text in lines of so many columns, broken at spaces; those after the first are set in. */
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
