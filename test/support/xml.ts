// A strict reader of small XML documents: elements, attributes and text, or an error.

export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  /** The text of the element itself, its entities read. */
  text: string
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const TAG = /^<(\/?)([a-zA-Z][\w-]*)((?:\s+[a-zA-Z][\w:-]*="[^"<]*")*)\s*(\/?)>/
/** Controls but tab and line ends, halves of characters, and two that are none. */
const FORBIDDEN = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Cs}|[\ufffe\uffff]/u

/** The root element. Throws where the document is not well-formed (XML 1.0). */
export function readXml(document: string): XmlElement {
  if (FORBIDDEN.test(document)) throw new Error('a character that XML does not allow')
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  let rest = document
  while (rest !== '') {
    const current = open.at(-1) as XmlElement
    if (!rest.startsWith('<')) {
      const end = rest.indexOf('<')
      const text = end < 0 ? rest : rest.slice(0, end)
      current.text += unescaped(text)
      rest = rest.slice(text.length)
      continue
    }
    const tag = TAG.exec(rest)
    if (tag === null) throw new Error(`no tag: ${rest.slice(0, 60)}`)
    const [whole, isEnd, name = '', list = '', isEmpty] = tag
    rest = rest.slice(whole.length)
    if (isEnd) {
      if (current.name !== name) throw new Error(`</${name}> closes <${current.name}>`)
      open.pop()
      continue
    }
    const element: XmlElement = { name, attributes: attributesOf(list), children: [], text: '' }
    current.children.push(element)
    if (!isEmpty) open.push(element)
  }
  const [root, ...others] = top.children
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`)
  if (root === undefined || others.length > 0 || top.text.trim() !== '') {
    throw new Error('not exactly one root element')
  }
  return root
}

/** The element and all elements below it. */
export function allElements(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(allElements)]
}

function attributesOf(list: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', value = ''] of list.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} twice`)
    attributes[name] = unescaped(value)
  }
  return attributes
}

function unescaped(text: string): string {
  return text.replace(/&(\w*);?/g, (whole, name: string) => {
    const character = whole.endsWith(';') ? ENTITIES[name] : undefined
    if (character === undefined) throw new Error(`no entity: ${whole}`)
    return character
  })
}
