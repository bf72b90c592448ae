// The README's lessons: each command runs, and prints what the README shows, but for the numbers.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startShell } from './support/processes.ts'
import { hasProgram } from './support/requirements.ts'
import { unusedPort } from './support/wire.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const section = /^## Lessons\n(.*?)^## /ms.exec(readme)?.[1] ?? ''

interface Lesson {
  title: string
  command: string
  shown: string
}

const lessons: Lesson[] = [...section.matchAll(/^\*\*(.*?)\*\*.*?^```sh\n(.*?)^```/gms)].map(
  ([, title = '', block = '']) => ({
    title,
    command: block.replaceAll(/^#> .*\n/gm, ''),
    shown: [...block.matchAll(/^#> (.*\n)/gm)].map(([, line]) => line).join(''),
  }),
)

/** Makes alike what differs from run to run, and drops lines that only a slow machine has. */
function masked(text: string): string {
  return text
    .replaceAll(/^.*… blocked.*\n/gm, '')
    .replaceAll(/ blocked +[\d.]+ s/g, '')
    .replaceAll(/\d[\d,.]*/g, 'N')
    .replaceAll(/ +/g, ' ')
}

/** Runs a lesson on ports of its own, with our program in the place of npx. */
async function run(command: string): Promise<string> {
  const [port, relayPort] = await Promise.all([unusedPort(), unusedPort()])
  const script = command
    .replaceAll('npx pynet', 'pynet')
    .replaceAll('2000', `${port}`)
    .replaceAll('2001', `${relayPort}`)
  const { stdout, stderr } = await startShell(`exec 2>&1\n${script}`).finished()
  return Buffer.from(stdout + stderr, 'latin1').toString()
}

function lessonOn(beginning: string): Lesson {
  const lesson = lessons.find(({ title }) => title.startsWith(beginning))
  if (lesson === undefined) throw new Error(`no lesson begins with ${beginning}`)
  return lesson
}

describe.concurrent('the lessons', () => {
  const needsPs = (command: string) => command.includes(' ps ')
  const canRunPs = hasProgram('ps', 'the lesson of wps')
  const canWatch = hasProgram('strace', 'the lessons of watch')
  const runnable = lessons.filter(({ command }) => {
    return (canRunPs || !needsPs(command)) && (canWatch || !command.includes(' watch '))
  })
  const own = ['A recv blocks', 'Nonblocking', 'A recv is not']

  it.each(runnable.filter(({ title }) => !own.some((beginning) => title.startsWith(beginning))))(
    '"$title" prints what the README shows',
    async ({ command, shown }) => {
      expect(masked(await run(command))).toBe(masked(shown))
    },
  )

  it('show a recv that blocks while it does', async () => {
    const { command, shown } = lessonOn('A recv blocks')
    const output = await run(command)
    expect(shown).toMatch(/recv … blocked from/)
    expect(output).toMatch(/recv … blocked from/)
    expect(masked(output)).toBe(masked(shown))
  })

  it('show pieces that add up to the copies', async () => {
    const { command, shown } = lessonOn('A recv is not')
    for (const text of [shown, await run(command)]) {
      const sizes = [...text.matchAll(/^received (\d+) bytes$/gm)].map(([, size]) => Number(size))
      expect(sizes.length).toBeGreaterThan(1)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(9)
    }
  })

  it('show that polling asks thousands of times, and select almost never', async () => {
    const { command, shown } = lessonOn('Nonblocking')
    for (const text of [shown, await run(command)]) {
      const numbers = (pattern: RegExp) =>
        [...text.matchAll(pattern)].map(([, digits = '']) => Number(digits.replaceAll(',', '')))
      const [polled = 0, selected = Infinity] = numbers(/tryRecv +([\d,]+) × +would block/g)
      const [busy = 0, idle = Infinity] = numbers(/processor time ([\d.]+) s/g)
      expect(polled).toBeGreaterThan(1000)
      expect(selected).toBeLessThan(10)
      expect(busy).toBeGreaterThan(Math.min(2 * idle, idle + 0.5))
    }
  })
})
