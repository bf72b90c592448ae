// The colours of the picture in light and in dark, and how an element is written in them.
import type { Element } from './svg-elements.ts'

export const THEMES = ['light', 'dark', 'auto'] as const
export type Theme = (typeof THEMES)[number]

type Colours = Readonly<Record<string, string>>

const LIGHT: Colours = {
  paper: '#ffffff',
  ink: '#1f2328',
  soft: '#59636e',
  line: '#8c959f',
  box: '#f6f8fa',
  edge: '#d1d9e0',
  head: '#ddf4ff',
  data: '#0969da',
  open: '#1a7f37',
  end: '#8250df',
  blocked: '#fb8f44',
  failed: '#cf222e',
}
const DARK: Colours = {
  paper: '#0d1117',
  ink: '#f0f6fc',
  soft: '#9198a1',
  line: '#656c76',
  box: '#151b23',
  edge: '#3d444d',
  head: '#0c2d6b',
  data: '#58a6ff',
  open: '#3fb950',
  end: '#bc8cff',
  blocked: '#db6d28',
  failed: '#ff7b72',
}

/** Returns the XML of an element and all that is in it. */
export function xmlOf(element: Element, theme: Theme): string {
  return written(element, theme === 'dark' ? DARK : LIGHT)
}

/**
 * Returns the style sheet of a picture that follows its reader: light, and where a browser prefers
 * it, each colour becomes the dark one. Who knows no style sheets shows it light.
 */
export function darkStyle(): string {
  const rules = Object.entries(LIGHT).flatMap(([name, light]) => {
    return ['fill', 'stroke'].map((what) => `[${what}='${light}']{${what}:${DARK[name]}}`)
  })
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`
}

function written({ name, attributes, content }: Element, colours: Colours): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const colour = key === 'fill' || key === 'stroke' ? colours[value] : undefined
    return ` ${key}="${escaped(String(colour ?? value))}"`
  })
  const open = `<${name}${list.join('')}`
  if (content === undefined) return `${open}/>`
  const inner =
    typeof content === 'string'
      ? escaped(content)
      : content.map((one) => written(one, colours)).join(name === 'svg' ? '\n' : '')
  return `${open}>${inner}</${name}>`
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
