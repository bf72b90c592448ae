// The ladder diagram as a Mermaid sequence diagram, for a Markdown page (Mermaid 10 and later).
import { chooseRows, type WholeLadder } from './build.ts'
import type { Ladder, Lane, Row } from './ladder.ts'
import { accountLines, titleOf } from './notes.ts'
import { withOneArrow } from './rows.ts'
import { labelOf, sentenceOf, wordsOf } from './words.ts'

const INDENT = '    '
/** All but what has no meaning to Mermaid in a text, nor to the HTML that it makes. */
const SUSPECT = /[^\p{L}\p{M}\p{N} .,:()[\]'"/_+*?!@=×⋮…→−-]/gu

/** Returns the diagram's text in the fence that a Markdown page needs around it. */
export function mermaidLadder(
  whole: WholeLadder,
  { all }: { all?: boolean | undefined } = {},
): string {
  const ladder = chooseRows(whole, all)
  const names = new Map(ladder.lanes.map((lane, index) => [lane, `lane${index + 1}`]))
  const participants = ladder.lanes.map((lane) => {
    const { name, address } = titleOf(lane)
    return `participant ${names.get(lane)} as ${escaped(name)}<br/>${escaped(address)}`
  })
  const lines = [
    ...participants,
    ...withOneArrow(ladder.rows).flatMap((row) => linesOf(row, names)),
    ...ladder.rows
      .filter(({ call }) => call.record.waiting)
      .map(({ call }) => end(call.lane, names)),
  ]
  for (const [lane, name] of names) {
    const note = lane.endNote
    if (note !== '') lines.push(`Note over ${name}: ${escaped(note)}`)
  }
  const notes = accountLines(ladder.connections).map(escaped)
  if (notes.length > 0) lines.push(`Note over ${outermost(ladder, names)}: ${notes.join('<br/>')}`)
  const statements = lines.map((line) => INDENT + line)
  return ['```mermaid', 'sequenceDiagram', ...statements, '```', ''].join('\n')
}

/** A row with arrows is their messages, any other a note; a bar on the lane is what blocked. */
function linesOf(row: Row, names: Map<Lane, string>): string[] {
  const lane = names.get(row.call.lane)
  const text = escaped(sentenceOf(wordsOf(row)))
  const said = row.arrows.length === 0 ? [`Note over ${lane}: ${text}`] : messages(row, text, names)
  if (row.kind === 'start') return [...said, `activate ${lane}`]
  return row.kind === 'return' ? [...said, end(row.call.lane, names)] : said
}

function end(lane: Lane, names: Map<Lane, string>): string {
  return `deactivate ${names.get(lane)}`
}

function messages({ call, arrows }: Row, text: string, names: Map<Lane, string>): string[] {
  return arrows.map((arrow, index) => {
    const line = arrow.kind === 'data' ? '->>' : '-->>'
    const ends = `${names.get(arrow.from)}${line}${names.get(arrow.to)}`
    // A receive that found the end of data says so itself.
    const isTold = arrow.kind === 'end' && arrow.effect === call
    const label = isTold ? '' : escaped(labelOf(arrow))
    const isLast = index === arrows.length - 1
    return `${ends}: ${[label, isLast ? text : ''].filter((part) => part !== '').join(' ')}`
  })
}

function outermost({ lanes }: Ladder, names: Map<Lane, string>): string {
  const [first, last] = [lanes[0], lanes.at(-1)].map((lane) => lane && names.get(lane))
  return first === last ? `${first}` : `${first},${last}`
}

/** Mermaid reads `;` as the end of a line, `#` as a code, `%%{` as a directive, `<` as HTML. */
function escaped(text: string): string {
  return text.replace(SUSPECT, (character) => `#${character.codePointAt(0)};`).trim()
}
