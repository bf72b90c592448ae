// The README's lessons: each command runs, and prints what the README shows, but for the numbers.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startShell } from './support/processes.ts'
import { hasProgram, hasPython } from './support/requirements.ts'
import { unusedPort } from './support/wire.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const section = readme.slice(readme.indexOf('### Lessons'), readme.indexOf('## Checking'))

const lessons = [...section.matchAll(/^\*\*([^*]*).*\n```sh\n([\s\S]*?)^```/gm)].map(
  ([, title = '', block = '']) => {
    const lines = block.trimEnd().split('\n')
    const isShown = (line: string) => line.startsWith('# ')
    const shown = lines.filter(isShown).map((line) => `${line.slice(2)}\n`)
    const command = lines.filter((line) => !isShown(line)).join('\n')
    return { title, command, shown: shown.join('') }
  },
)

/** A call shows that it waits when it waits long, as on a slow machine; in the deadlock all do. */
const mayWait = (line: string, title: string) =>
  line.includes('… blocked') && !title.startsWith('A deadlock')

/** What differs from run to run is made alike: numbers and waits. */
function masked(text: string, title: string): string {
  return text
    .split('\n')
    .filter((line) => !mayWait(line, title))
    .map((line) => line.replace(/ blocked [\d.]+ s\b|\[pid \d+\] /, '').replaceAll(/ +/g, ' '))
    .map((line) => line.replaceAll(/\d[\d,.]*/g, 'N'))
    .join('\n')
}

/** In the README a silence outlasts the start of npx; here, that of the client on a busy machine. */
const SILENCE = 'sleep 1.5'

/** Runs a lesson on ports of its own, with our program in the place of npx. */
async function run(command: string): Promise<string> {
  const ports = { '2000': await unusedPort(), '2001': await unusedPort() }
  const script = command
    .replaceAll('npx pynet', 'pynet')
    .replace('sleep 2', SILENCE)
    .replaceAll(/\b200[01]\b/g, (port) => String(ports[port as keyof typeof ports]))
  const { stdout, stderr } = await startShell(`exec 2>&1\n${script}`).finished()
  return Buffer.from(stdout + stderr, 'latin1').toString()
}

describe('the lessons', () => {
  const group = 'the lessons of watch'
  const canWatch = hasProgram('strace', group) && hasPython(group)
  const canAskPs = hasProgram('ps', 'the lesson of wps')

  it('print what the README shows', async () => {
    expect(lessons).toHaveLength(11)
    const tried = lessons
      .filter(({ command }) => canWatch || !command.includes('watch'))
      .filter(({ command }) => canAskPs || !command.includes('wps'))
    const outputs = await Promise.all(tried.map(({ command }) => run(command)))
    const printed = tried.map(({ title }, index) => [title, masked(outputs[index] ?? '', title)])
    expect(printed).toEqual(tried.map(({ title, shown }) => [title, masked(shown, title)]))
    const outputOf = (word: string) =>
      outputs[tried.findIndex(({ command }) => command.includes(word))] ?? ''
    expect(outputOf('--go-ahead 0.5')).toContain('recv … blocked')
    const numbersIn = (text: string, pattern: RegExp) =>
      [...text.matchAll(pattern)].map(([, digits = '']) => Number(digits.replaceAll(',', '')))
    const [whole, cut] = numbersIn(outputOf('relay'), /median (\d+)/g)
    expect(whole).toBe(300)
    expect(cut).toBeLessThan(150)
    const [polled, selected = Infinity] = numbersIn(outputOf('--poll'), /tryRecv +([\d,]+) ×/g)
    expect(polled).toBeGreaterThan(10 * selected)
  })
})
