// The README's lessons: each command runs, and prints what the README shows, but for the numbers.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startShell } from './support/processes.ts'
import { hasProgram } from './support/requirements.ts'
import { unusedPort } from './support/wire.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const section = readme.slice(readme.indexOf('### Lessons'), readme.indexOf('### The trace file'))

interface Lesson {
  title: string
  command: string
  shown: string
}

const lessons: Lesson[] = [
  ...section.matchAll(/^\*\*(.*?)\*\*.*?^```sh\n(.*?)^```.*?^```text\n(.*?)^```/gms),
].map(([, title = '', command = '', shown = '']) => ({ title, command, shown }))

/** What differs from run to run, and the lines that only a slow machine has, are made alike. */
function masked(text: string): string {
  return text
    .replaceAll(/^.*… blocked\n/gm, '')
    .replaceAll(/, blocked [\d.]+ s/g, '')
    .replaceAll(/\d[\d,.]*/g, 'N')
    .replaceAll(/ +/g, ' ')
}

/** Where two are compared: how often each found nothing, and its processor time in seconds. */
function comparisonIn(text: string): { wouldBlocks: number[]; seconds: number[] } {
  const numbers = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map(([, digits = '']) => Number(digits.replaceAll(',', '')))
  return {
    wouldBlocks: numbers(/tryRecv +([\d,]+) × +nothing yet/g),
    seconds: numbers(/processor time ([\d.]+) s/g),
  }
}

/** Runs a lesson on a port of its own, with our program in the place of npx. */
async function run(command: string): Promise<string> {
  const port = String(await unusedPort())
  const script = command.replaceAll('npx pynet', 'pynet').replaceAll('2000', port)
  const { stdout, stderr } = await startShell(`exec 2>&1\n${script}`).finished()
  return stdout + stderr
}

describe('the lessons', () => {
  it('are seven, one for each point of the tutorial', () => {
    expect(lessons).toHaveLength(7)
  })

  it.each(lessons.filter(({ command }) => !command.includes('wps')))(
    '"$title" prints what the README shows',
    async ({ command, shown }) => {
      expect(masked(Buffer.from(await run(command), 'latin1').toString())).toBe(masked(shown))
    },
  )

  it.runIf(hasProgram('ps', 'the lesson of wps'))('and so does that of wps', async () => {
    const lesson = lessons.find(({ command }) => command.includes('wps'))
    expect(masked(await run(lesson?.command ?? ''))).toBe(masked(lesson?.shown ?? ''))
  })

  it('show a recv that blocks while it does', async () => {
    const [first] = lessons
    expect(first?.shown).toMatch(/recv from .* … blocked\n/)
    const output = Buffer.from(await run(first?.command ?? ''), 'latin1').toString()
    expect(output).toMatch(/recv from .* … blocked\n/)
  })

  it('show that polling asks thousands of times, and select almost never', async () => {
    const lesson = lessons.find(({ title }) => title.startsWith('Nonblocking'))
    const output = Buffer.from(await run(lesson?.command ?? ''), 'latin1').toString()
    for (const text of [lesson?.shown ?? '', output]) {
      const { wouldBlocks, seconds } = comparisonIn(text)
      const [polled = 0, selected = Infinity] = wouldBlocks
      expect(polled).toBeGreaterThan(1000)
      expect(selected).toBeLessThan(10)
      const [busy = 0, idle = Infinity] = seconds
      expect(busy).toBeGreaterThan(Math.min(2 * idle, idle + 0.5))
    }
  })
})
