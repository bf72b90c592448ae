// The README: its first commands and its shell script do what it says, and it names every option.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const project = new URL('..', import.meta.url).pathname
/** npx may build the package anew, under the feet of all other tests: the same program without it. */
const withoutNpx = (text: string) => text.replaceAll('npx pynet', 'node bin/pynet.js')
const readme = readFileSync(join(project, 'README.md'), 'utf8')

/** The fenced blocks of one language, in their order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text ?? '')
}

describe('the README', () => {
  it('has a shell script without a sleep that runs an echo demo', async () => {
    const script = blocks('sh').find((text) => text.startsWith('#!/bin/sh')) ?? ''
    expect(script).not.toContain('sleep')
    expect(script.trim().split('\n')).toHaveLength(10)
    const { stdout } = await run('sh', ['-c', withoutNpx(script)], { cwd: project })
    expect(stdout).toMatch(
      /^client is at \('127\.0\.0\.1', \d+\)\nto be or not to be to be or not to be \nreceived 38 bytes\n\nthe server ended with 0\n$/,
    )
  })

  it('begins with a demo, and an echo in one terminal', async () => {
    const [demo = '', echo = ''] = blocks('sh')
    expect(demo).toBe('npm ci && npx pynet demo echo\n')
    const shown = demo.replace('npm ci && ', '').replace('echo', 'echo --pace 0')
    const first = await run('sh', ['-c', withoutNpx(shown)], { cwd: project })
    expect(first.stdout).toContain('> received 30000 bytes')
    const command = echo.replaceAll('2000', String(await freePort()))
    const second = await run('sh', ['-c', withoutNpx(command)], { cwd: project })
    expect(second.stdout).toContain('abcabcabc\nreceived 9 bytes\n\n')
  })

  it('has at most 300 lines', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(300)
  })

  it('names only scripts that package.json has, and every option of the programs', async () => {
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    for (const [, script = ''] of readme.matchAll(/npm run ([a-z:]+)/g)) {
      expect(scripts).toHaveProperty([script])
    }
    for (const command of ['echo', 'wps', 'str'].flatMap((n) => [`${n}-server`, `${n}-client`])) {
      const help = await run(process.execPath, ['bin/pynet.js', command, '--help'], {
        cwd: project,
      })
      for (const [option] of help.stdout.matchAll(/^ +.*?(--[a-z-]+)(?= )/gm)) {
        const name = option.slice(option.indexOf('--'))
        if (name !== '--help') expect(readme).toContain(name)
      }
    }
  })
})

async function freePort(): Promise<number> {
  const { listen } = await import('../src/index.ts')
  const listener = await listen({ port: 0 })
  await listener.close()
  return listener.address.port
}
