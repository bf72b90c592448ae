// The picture: well-formed, alone in the world, each text in its box; and what librsvg makes of it.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { PNG } from 'pngjs'
import { describe, expect, test } from 'vitest'
import { buildLadder } from '../../src/ladder/build.ts'
import { columnsOf } from '../../src/ladder/columns.ts'
import { svgLadder } from '../../src/ladder/svg.ts'
import type { Theme } from '../../src/ladder/svg-themes.ts'
import type { Trace } from '../../src/trace/format.ts'
import { hasProgram } from '../support/requirements.ts'
import { allElements, readXml, type XmlElement } from '../support/xml.ts'
import { longSession, randomSession } from './random-session.ts'
import {
  bulkEcho,
  client,
  echoSession,
  endedSession,
  SampleTrace,
  served,
  serverAddress,
  strSession,
  wpsSession,
} from './samples.ts'

const FONT_SIZE = 12
const LETTER_EM = 0.6

function draw(traces: readonly Trace[], all = false): XmlElement {
  return readXml(svgLadder(buildLadder(traces), { all }))
}

function tracesOf(samples: object): Trace[] {
  return (Object.values(samples) as SampleTrace[]).map(({ trace }) => trace)
}

function frameOf({ attributes }: XmlElement) {
  const number = (name: string) => Number(attributes[name])
  return { x: number('x'), y: number('y'), width: number('width'), height: number('height') }
}

/** Each text stands in a group behind its box; and all boxes are in the picture. */
function expectTextsInBoxes(svg: XmlElement): void {
  const picture = frameOf(svg)
  const elements = allElements(svg)
  const texts = elements.filter(({ name }) => name === 'text')
  const groups = elements.filter(({ children }) => children.some(({ name }) => name === 'text'))
  expect(texts.length).toBe(groups.length)
  // One expectation for all of them: there are many thousands.
  const misplaced = groups.filter(({ children }) => {
    const [rect, text] = children as [XmlElement, XmlElement]
    return rect.name !== 'rect' || text.name !== 'text' || !isInBox(text, rect, picture)
  })
  expect(misplaced).toEqual([])
}

function isInBox(text: XmlElement, rect: XmlElement, picture: Frame): boolean {
  const box = frameOf(rect)
  const width = columnsOf(text.text) * LETTER_EM * FONT_SIZE
  const anchor = Number(text.attributes.x)
  const left = text.attributes['text-anchor'] === 'middle' ? anchor - width / 2 : anchor
  // only of these letters it is known how wide they come out: all others are told
  const told = text.attributes.textLength
  const isWidthRight = /^[ -~]*$/.test(text.text)
    ? told === undefined
    : Math.abs(Number(told) - width) < 0.5
  return (
    isWidthRight &&
    left >= box.x &&
    left + width <= box.x + box.width &&
    box.height > FONT_SIZE &&
    box.x >= 0 &&
    box.y >= 0 &&
    box.x + box.width <= picture.width &&
    box.y + box.height <= picture.height
  )
}

type Frame = ReturnType<typeof frameOf>
type Point = [x: number, y: number]

function framesOf(svg: XmlElement, names: string[]): Frame[] {
  const elements = allElements(svg)
  return elements
    .filter(({ name, attributes }) => name === 'rect' && names.includes(attributes.class ?? ''))
    .map(frameOf)
}

/** An arrow's corners, the last of them at the point of its tip. */
function waysOf(svg: XmlElement): Point[][] {
  // Those of the legend are in groups.
  const elements = svg.children
  const tips = elements.filter(({ name }) => name === 'polygon').map(cornersOf)
  return elements
    .filter(({ name }) => name === 'polyline')
    .map((shaft, index) => [...cornersOf(shaft), (tips[index] as Point[])[0] as Point])
}

function cornersOf({ attributes }: XmlElement): Point[] {
  return (attributes.points ?? '').split(' ').map((pair) => pair.split(',').map(Number) as Point)
}

/** Whether a line passes through the inside of a frame. */
function isThrough(way: Point[], { x, y, width, height }: Frame): boolean {
  return way.slice(1).some((to, index) => {
    const from = way[index] as Point
    // the part of the line, from 0 to 1, that is between left and right, and top and bottom
    const within = [
      [x + 1, x + width - 1],
      [y + 1, y + height - 1],
    ].map(([low = 0, high = 0], axis) => {
      const [start, end] = [from[axis] as number, to[axis] as number]
      if (start === end) return start > low && start < high ? [0, 1] : [1, 0]
      return [(low - start) / (end - start), (high - start) / (end - start)].sort((a, b) => a - b)
    })
    const begin = Math.max(0, ...within.map(([least = 0]) => least))
    return begin < Math.min(1, ...within.map(([, most = 1]) => most))
  })
}

function isAtEdge([x, y]: Point, frame: Frame): boolean {
  const isLevel = y > frame.y && y < frame.y + frame.height
  return isLevel && [frame.x, frame.x + frame.width].some((edge) => Math.abs(edge - x) < 0.5)
}

/** Of traces of both ends: each arrow leaves a box and reaches one, its label beside that one. */
function expectClearArrows(svg: XmlElement): void {
  const boxes = framesOf(svg, ['call', 'call sum', 'call failed'])
  const labels = framesOf(svg, ['label-box'])
  for (const way of waysOf(svg)) {
    const [first, last] = [way[0], way.at(-1)] as [Point, Point]
    expect(boxes.filter((frame) => isAtEdge(first, frame))).toHaveLength(1)
    expect(boxes.filter((frame) => isAtEdge(last, frame))).toHaveLength(1)
    expect(boxes.filter((frame) => isThrough(way, frame))).toEqual([])
    for (const label of labels.filter((frame) => isThrough(way, frame))) {
      // its own
      expect(Math.abs(label.y + label.height / 2 - last[1])).toBeLessThan(0.5)
      const distance = Math.min(
        Math.abs(label.x - last[0]),
        Math.abs(label.x + label.width - last[0]),
      )
      expect(distance).toBeLessThan(15)
    }
  }
  for (const [index, one] of labels.entries()) {
    const others = [...labels.slice(index + 1), ...boxes]
    expect(others.filter((other) => !isApart(one, other))).toEqual([])
  }
}

function isApart(one: Frame, other: Frame): boolean {
  return (
    one.x >= other.x + other.width ||
    other.x >= one.x + one.width ||
    one.y >= other.y + other.height ||
    other.y >= one.y + one.height
  )
}

function expectNumbers(svg: XmlElement): void {
  for (const { attributes } of allElements(svg)) {
    for (const value of Object.values(attributes))
      expect(value).not.toMatch(/NaN|undefined|Infinity/)
  }
}

describe('the picture', () => {
  test.each([
    ['an echo', tracesOf(echoSession())],
    ['a bulk echo', tracesOf(bulkEcho())],
    ['three lanes', tracesOf(strSession())],
    ['lines', tracesOf(wpsSession(40))],
    ['one side of two connections', [strSession().server.trace]],
    ['one lane', [new SampleTrace('echo-client', 1).trace]],
    ['a program that was killed', [{ ...strSession().ann.trace, isCutShort: true }]],
  ])('of %s is well-formed, with each text in its box', (_, traces) => {
    for (const all of [false, true]) {
      const svg = draw(traces, all)
      expect(svg.name).toBe('svg')
      const { width, height, viewBox } = svg.attributes
      expect(viewBox).toBe(`0 0 ${width} ${height}`)
      expectTextsInBoxes(svg)
      expectNumbers(svg)
    }
  })

  test('of random sessions, too', () => {
    fc.assert(
      fc.property(randomSession, ({ server, clients }) => {
        const svg = draw([server.trace, ...clients.map(({ trace }) => trace)])
        expectTextsInBoxes(svg)
        expectNumbers(svg)
      }),
      { numRuns: 15 },
    )
  })

  test('of two sends that fed one recv has two arrows at it', () => {
    const [one, other] = [new SampleTrace('a', 1), new SampleTrace('b', 2)]
    const here = one.socket('connect', 100, 0.1, client(40_000))
    for (let send = 0; send < 3; send++) here.data('sendAll', 110, 0.1, 'x'.repeat(10))
    const there = other.socket('accept', 120, 50, served(40_000))
    for (const bytes of [5, 12, 3, 10]) there.data('recv', 200 + bytes, 0.1, 'x'.repeat(bytes))
    const svg = draw([one.trace, other.trace])
    expectClearArrows(svg)
    const texts = allElements(svg).filter(({ name }) => name === 'g')
    const box = texts.find(({ children }) => children[1]?.text.includes('recv 12 bytes'))
    const ends = waysOf(svg).map((way) => way.at(-1) as Point)
    const frame = frameOf(box?.children[0] as XmlElement)
    expect(ends.filter((end) => isAtEdge(end, frame))).toHaveLength(2)
  })

  test.each([
    ['an echo', tracesOf(echoSession())],
    ['hundreds of receives', tracesOf(bulkEcho({ copies: 20, size: 3_000_000 }))],
    ['three lanes', tracesOf(strSession())],
    ['many lines', tracesOf(wpsSession(90))],
  ])(
    'of %s has arrows from box to box, past all others, and each label at its own',
    (_, traces) => {
      expectClearArrows(draw(traces))
    },
  )

  test('of random sessions has such arrows, too, summed up or not', () => {
    const drawn = fc.tuple(fc.oneof(randomSession, longSession), fc.boolean())
    fc.assert(
      fc.property(drawn, ([{ server, clients }, all]) => {
        expectClearArrows(draw([server.trace, ...clients.map(({ trace }) => trace)], all))
      }),
      { numRuns: 4 },
    )
  })

  test('says in title, description and text what it shows', () => {
    const svg = draw(tracesOf(echoSession()))
    const named = (name: string) => svg.children.find((child) => child.name === name)?.text ?? ''
    expect(named('title')).toContain('echo-client, pid 4242 and echo-server, pid 4240')
    expect(named('desc')).toContain('127.0.0.1:40312 → 127.0.0.1:2000: 3 bytes in 1 send')
    const texts = allElements(svg)
      .filter(({ name }) => name === 'text')
      .map(({ text }) => text)
    for (const text of [
      '1.208 recv 3 bytes "abc"',
      '[0:3]',
      '0.107 recv blocks 2.002 s',
      'end of data',
    ]) {
      expect(texts).toContain(text)
    }
  })

  test('has an arrow for each that the session has, and a bar for each call that blocked', () => {
    const elements = allElements(draw(tracesOf(echoSession())))
    const classes = elements.map(({ attributes }) => attributes.class)
    // One more of each in the legend.
    expect(classes.filter((name) => name === 'arrow open')).toHaveLength(2)
    expect(classes.filter((name) => name === 'arrow data')).toHaveLength(3)
    expect(classes.filter((name) => name === 'arrow end')).toHaveLength(3)
    expect(classes.filter((name) => name === 'blocked')).toHaveLength(5)
  })

  test('says what its colours are', () => {
    const elements = allElements(draw(tracesOf(echoSession())))
    const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text)
    expect(texts.slice(-4)).toEqual(['connection', 'bytes', 'end of data', 'blocked in a call'])
  })

  test('says at the end of a lane that its program was ended, or still runs', () => {
    const sample = new SampleTrace('echo-client', 7)
    sample.socket('connect', 1, 0.1, client(40_000))
    const svg = draw([sample.trace])
    expectTextsInBoxes(svg)
    const elements = allElements(svg).filter(({ name }) => name === 'text')
    const texts = elements.map(({ text }) => text)
    const index = texts.indexOf('the trace ends here: the program was')
    expect(texts[index + 1]).toBe('ended, or still runs')
  })

  test('shows as failed what failed, and not what the program itself ended', () => {
    const { client: one, server } = endedSession()
    const failed = () => framesOf(draw([one.trace, server.trace]), ['call failed'])
    expect(failed()).toHaveLength(0)
    one.add('connect', 700, 0.4, { remote: serverAddress, error: 'ECONNREFUSED' })
    expect(failed()).toHaveLength(1)
  })

  test('shows as blocked to its end the lane of a call that never returned', () => {
    const sample = new SampleTrace('echo-client', 7)
    sample.socket('connect', 1, 0.1, client(40_000)).waits('recv', 2)
    const svg = draw([sample.trace])
    const [bar] = framesOf(svg, ['blocked'])
    const lane = allElements(svg).find(({ attributes }) => attributes.class === 'lane')
    expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBe(Number(lane?.attributes.y2))
    const texts = allElements(svg).map(({ text }) => text)
    expect(texts).toContain('the trace ends here: blocked in recv')
  })

  test.each(['light', 'dark', 'auto'] as const)(
    '%s stands alone: no script, no link; a style sheet only to follow the reader',
    (theme) => {
      const text = svgLadder(buildLadder(tracesOf(bulkEcho())), { theme })
      const names = new Set(allElements(readXml(text)).map(({ name }) => name))
      const shapes = ['desc', 'g', 'line', 'polygon', 'polyline', 'rect', 'svg', 'text', 'title']
      expect([...names].sort()).toEqual([...shapes, ...(theme === 'auto' ? ['style'] : [])].sort())
      expect(text.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
        /https?:|href|url\(|@import|var\(|\son\w+=/,
      )
    },
  )

  test('in auto has a dark colour for every light one, and is the light picture otherwise', () => {
    const pictures = ['light', 'dark', 'auto'].map((theme) => {
      return svgLadder(buildLadder(tracesOf(echoSession())), { theme: theme as Theme })
    })
    const [light = '', dark = '', auto = ''] = pictures
    const [style = ''] = /<style>.*<\/style>\n/.exec(auto) ?? []
    expect(auto.replace(style, '')).toBe(light)
    const rules = style.matchAll(/\[(fill|stroke)='(#\w+)'\]\{\1:(#\w+)\}/g)
    let followed = light
    for (const [, what, from, to] of rules) {
      followed = followed.replaceAll(`${what}="${from}"`, `${what}="${to}"`)
    }
    expect(followed).toBe(dark)
  })

  test('stays well-formed whatever was sent', () => {
    const data = [
      '</text><script>alert(1)</script>',
      '"&amp;',
      '\u001b\u0000\uffff\ufffe',
      'é日本👍',
      'ߒߞߏ السلام عليكم',
      'e\u0301a\u0308o\u0323'.repeat(4),
      '\ufdfd\ufdfd देवनागरी',
      Buffer.from([0xff, 0xed, 0xa0]),
    ]
    const [one, other] = [new SampleTrace('<a&b>"', 1), new SampleTrace('b\u0001', 2)]
    const there = one.socket('connect', 1, 0.1, client(40_000))
    const here = other.socket('accept', 2, 0.1, served(40_000))
    data.forEach((text, index) => {
      there.data('sendAll', 3 + index, 0.1, text)
      here.data('recv', 3.5 + index, 0.1, text)
    })
    const svg = draw([one.trace, other.trace])
    expectTextsInBoxes(svg)
    expect(allElements(svg).some(({ name }) => name === 'script')).toBe(false)
  })
})

/** The picture in pixels, as librsvg draws it. */
function render(svg: string) {
  const { stdout, stderr } = spawnSync('rsvg-convert', [], { input: svg })
  expect(stderr.toString()).toBe('')
  const { width, height, data } = PNG.sync.read(stdout)
  const at = (x: number, y: number) => {
    const start = (Math.round(y) * width + Math.round(x)) * 4
    return `#${data.toString('hex', start, start + 3)}`
  }
  return { width, height, at }
}

describe.runIf(hasProgram('rsvg-convert', 'the picture in pixels'))('librsvg', () => {
  test.each([
    ['light', { paper: '#ffffff', data: '#0969da', blocked: '#fb8f44', box: '#f6f8fa' }],
    ['dark', { paper: '#0d1117', data: '#58a6ff', blocked: '#db6d28', box: '#151b23' }],
    ['auto', { paper: '#ffffff', data: '#0969da', blocked: '#fb8f44', box: '#f6f8fa' }],
  ] as const)('shows paper, arrows, bars, boxes and letters in %s', (theme, colours) => {
    const svg = svgLadder(buildLadder(tracesOf(echoSession())), { theme })
    const image = render(svg)
    const elements = allElements(readXml(svg))
    expect(image.at(2, 2)).toBe(colours.paper)
    expect(image.at(image.width - 2, image.height - 2)).toBe(colours.paper)
    const [bar] = framesOf(readXml(svg), ['blocked'])
    expect(image.at((bar?.x ?? 0) + 4, (bar?.y ?? 0) + 4)).toBe(colours.blocked)
    const tip = elements.find(({ attributes }) => attributes.class === 'tip data')
    const [[x = 0, y = 0] = []] = cornersOf(tip as XmlElement)
    const side = Number(tip?.attributes.points?.split(/[ ,]/)[2]) < x ? -1 : 1
    expect(image.at(x + 4 * side, y)).toBe(colours.data)
    const [box] = framesOf(readXml(svg), ['call']) as [Frame]
    expect(image.at(box.x + box.width - 6, box.y + 6)).toBe(colours.box)
    const shades = new Set<string>()
    for (let across = 6; across < 60; across++) {
      for (let down = 4; down < 16; down++) shades.add(image.at(box.x + across, box.y + down))
    }
    // Letters with soft edges.
    expect(shades.size).toBeGreaterThan(20)
  })
})
