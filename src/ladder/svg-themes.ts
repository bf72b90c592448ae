// The colours of the picture in light and in dark, and how an element is written in them.
import type { Element } from './svg-elements.ts'

export const THEMES = ['light', 'dark', 'auto'] as const
export type Theme = (typeof THEMES)[number]

/** Each colour in light and in dark; no two are the same in light. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  paper: ['#ffffff', '#0d1117'],
  ink: ['#1f2328', '#f0f6fc'],
  soft: ['#59636e', '#9198a1'],
  line: ['#8c959f', '#656c76'],
  box: ['#f6f8fa', '#151b23'],
  edge: ['#d1d9e0', '#3d444d'],
  head: ['#ddf4ff', '#0c2d6b'],
  data: ['#0969da', '#58a6ff'],
  open: ['#1a7f37', '#3fb950'],
  end: ['#8250df', '#bc8cff'],
  blocked: ['#fb8f44', '#db6d28'],
  failed: ['#cf222e', '#ff7b72'],
}

/** Returns the XML of an element and all that is in it. */
export function xmlOf({ name, attributes, content }: Element, theme: Theme): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const [light, dark] = (key === 'fill' || key === 'stroke' ? COLOURS[value] : undefined) ?? []
    return ` ${key}="${escaped(String((theme === 'dark' ? dark : light) ?? value))}"`
  })
  const open = `<${name}${list.join('')}`
  if (content === undefined) return `${open}/>`
  if (typeof content === 'string') return `${open}>${escaped(content)}</${name}>`
  const inner = content.map((one) => xmlOf(one, theme)).join(name === 'svg' ? '\n' : '')
  return `${open}>${inner}</${name}>`
}

/**
 * Returns the style sheet of a picture that follows its reader: light, and where a browser prefers
 * it, each colour becomes the dark one. Who knows no style sheets shows it light.
 */
export function darkStyle(): string {
  const rules = Object.values(COLOURS).flatMap(([light, dark]) => {
    return ['fill', 'stroke'].map((what) => `[${what}='${light}']{${what}:${dark}}`)
  })
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Characters that XML does not allow never come here: they have been made visible. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
}
