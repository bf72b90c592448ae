// The arguments of a system call, as strace prints them: split, and read one by one.

const STRUCTURE = /[",()[\]{}]/g

/** Splits at the commas between arguments; those within brackets belong to an argument. */
export function splitArguments(text: string): string[] {
  const args: string[] = []
  let depth = 0
  let start = 0
  STRUCTURE.lastIndex = 0
  for (let match = STRUCTURE.exec(text); match !== null; match = STRUCTURE.exec(text)) {
    const [character] = match
    if (character === '"') STRUCTURE.lastIndex = endOfString(text, match.index)
    else if ('([{'.includes(character)) depth++
    else if (character !== ',') depth--
    else if (depth === 0) {
      args.push(text.slice(start, match.index).trim())
      start = match.index + 1
    }
  }
  const last = text.slice(start).trim()
  if (last !== '') args.push(last)
  return args
}

/** Strings are in hex, without a quotation mark of their own. */
function endOfString(text: string, start: number): number {
  const end = text.indexOf('"', start + 1)
  return end < 0 ? text.length : end + 1
}

const STRING = /^"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?$/

/** The bytes of `"\x61\x62"...` as hex, `6162`; strace shows the first 32. */
export function hexOf(string: string | undefined): string | undefined {
  return STRING.exec(string ?? '')?.[1]?.replaceAll('\\x', '')
}

/** The text of a string. */
export function textOf(string: string | undefined): string {
  return Buffer.from(hexOf(string) ?? '', 'hex').toString('latin1')
}

/** The number at the beginning of an argument; undefined where there is none. */
export function numberOf(arg: string | undefined): number | undefined {
  const number = Number.parseInt(arg ?? '', 10)
  return Number.isNaN(number) ? undefined : number
}

/** A descriptor, and what strace says it is: `3<TCP:[64064]>`. */
export interface DescriptorText {
  readonly number: number
  readonly file: string | undefined
}

const DESCRIPTOR = /(\d+)(?:<([\w-]+:\[[^<]*?\])>)?/y
const DESCRIPTORS = /(\d+)(?:<([\w-]+:\[[^<]*?\])>)?/g

/** The descriptor at the beginning of an argument; undefined where there is none. */
export function descriptorOf(arg: string | undefined): DescriptorText | undefined {
  DESCRIPTOR.lastIndex = 0
  const match = DESCRIPTOR.exec(arg ?? '')
  return match === null ? undefined : { number: Number(match[1]), file: match[2] }
}

/** All descriptors of a list such as `[3<TCP:[64064]> 5]`. */
export function descriptorsOf(list: string): DescriptorText[] {
  return [...list.matchAll(DESCRIPTORS)].map(([, number, file]) => ({
    number: Number(number),
    file,
  }))
}
