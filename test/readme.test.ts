// The README's other commands: the quick start runs, its script does what it says, and every option is named.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runPynet, startShell } from './support/processes.ts'
import { unusedPort } from './support/wire.ts'

const readProject = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const readme = readProject('README.md')
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)

/** Runs commands of the README, with our program in the place of npx. */
async function run(commands: string): Promise<string> {
  const script = commands.replaceAll('npx pynet', 'pynet')
  return (await startShell(script).finished()).stdout
}

describe('the README', () => {
  it('begins with a demo', async () => {
    const [demo] = blocks
    expect(demo).toBe('npm ci && npx pynet demo echo\n')
    expect(await run('npx pynet demo echo')).toContain('> received 30000 bytes')
  })

  it('goes on with an echo in one terminal', async () => {
    const [, echo = ''] = blocks
    const [, commands = ''] = /^sh -c '(.*)'\n$/.exec(echo) ?? []
    const output = await run(commands.replaceAll('2000', String(await unusedPort())))
    expect(output).toContain('abcabcabc\nreceived 9 bytes\n\n')
  })

  it('has a script of ten lines, without a sleep, that runs an echo', async () => {
    const script = blocks.find((text) => text.startsWith('#!/bin/sh')) ?? ''
    expect(script).not.toContain('sleep')
    expect(script.trim().split('\n')).toHaveLength(10)
    expect(await run(script)).toMatch(
      /^client is at \('127\.0\.0\.1', \d+\)\nto be or not to be to be or not to be \nreceived 38 bytes\n\nthe server ended with 0\n$/,
    )
  })

  it('names every option of the six programs, and only scripts that are there', async () => {
    const programs = ['echo', 'wps', 'str'].flatMap((name) => [`${name}-server`, `${name}-client`])
    const helps = await Promise.all(programs.map((program) => runPynet(program, '--help')))
    const options = helps.flatMap(({ stdout }) => stdout.match(/(?<=^ +.*)--[a-z-]+(?= )/gm))
    expect(options.length).toBeGreaterThan(6)
    for (const option of options) if (option !== '--help') expect(readme).toContain(option)
    const { scripts } = JSON.parse(readProject('package.json'))
    for (const [, script = ''] of readme.matchAll(/npm run ([a-z:]+)/g)) {
      expect(scripts).toHaveProperty([script])
    }
  })

  it('links only to files that are there', () => {
    for (const [, path = ''] of readme.matchAll(/\]\(([^)#:]+)\)/g)) readProject(path)
  })
})
